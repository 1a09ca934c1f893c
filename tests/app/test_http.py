"""The service, spoken to as a program would."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from zhiyin.app.http.server import create_app
from zhiyin.pipeline.wiring import open_workspace


@pytest.fixture
def client(trained_folder: Path) -> Iterator[TestClient]:
    with TestClient(create_app(trained_folder), raise_server_exceptions=False) as opened:
        yield opened


def items(slate: dict[str, object]) -> list[str]:
    return [p["item_id"] for p in slate["positions"]]  # type: ignore[index,union-attr]


def test_a_posted_event_changes_the_next_slate_and_both_are_logged(
    client: TestClient, trained_folder: Path
) -> None:
    first = client.get("/v1/recommend", params={"user_id": "u00", "n": 3}).json()
    stored = client.post("/v1/events", json={"user_id": "u00", "item_id": items(first)[0]})
    assert stored.status_code == 201
    assert stored.json() == {"accepted": 1, "duplicates": 0}
    second = client.post("/v1/recommend", json={"user_id": "u00", "n": 3}).json()
    assert items(first)[0] not in items(second)
    assert first["slate_id"] != second["slate_id"]
    assert all(p["propensity"] == 1.0 for p in first["positions"])
    with open_workspace(trained_folder) as workspace:
        assert workspace.stores.exposures.find(first["slate_id"]) == first
        assert workspace.stores.exposures.count() == 2


def test_an_event_with_an_id_is_stored_once(client: TestClient) -> None:
    event = {"user_id": "u00", "item_id": "pan-1", "event_id": "order-77"}
    assert client.post("/v1/events", json=event).json()["accepted"] == 1
    assert client.post("/v1/events", json=[event, event]).json() == {"accepted": 0, "duplicates": 2}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"item_id": "x"}, "user_id"),
        ({"user_id": ""}, "user_id"),
        ({"user_id": "u", "colour": "red"}, "colour"),
        ([{"user_id": "u"}, {"user_id": 5}], "user_id"),
        ("nonsense", "body"),
    ],
)
def test_a_malformed_event_is_refused_and_nothing_is_stored(
    client: TestClient, trained_folder: Path, body: object, where: str
) -> None:
    with open_workspace(trained_folder) as workspace:
        before = workspace.stores.events.count()
        answer = client.post("/v1/events", json=body)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert where in answer.json()["detail"]
        assert workspace.stores.events.count() == before


@pytest.mark.parametrize("params", [{"n": 0}, {"n": 1001}, {"n": "many"}])
def test_an_impossible_length_is_refused(client: TestClient, params: dict[str, str]) -> None:
    assert client.get("/v1/recommend", params=params).status_code == 422
    assert client.post("/v1/recommend", json=params).status_code == 422


def test_health_and_readiness(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    assert client.get("/readyz").json()["model_version"] == "v000001"
    with TestClient(create_app(tmp_path / "empty"), raise_server_exceptions=False) as empty:
        assert empty.get("/healthz").status_code == 200
        answer = empty.get("/readyz")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert "zhiyin train" in answer.json()["detail"]


def test_neighbours_over_http(client: TestClient) -> None:
    found = client.get("/v1/similar/items/pan-1", params={"n": 3}).json()
    assert [entry["id"].split("-")[0] for entry in found] == ["pan"] * 3
    assert client.get("/v1/similar/users/u00").status_code == 200
    assert client.get("/v1/similar/items/none").status_code == 404


def test_a_model_published_elsewhere_serves_from_the_next_request(
    client: TestClient, trained_folder: Path
) -> None:
    assert client.get("/v1/recommend").json()["model_version"] == "v000001"
    with open_workspace(trained_folder) as workspace:
        workspace.train(recipe="popularity")
    assert client.get("/v1/recommend").json()["model_version"] == "v000002"


def test_a_damaged_model_is_refused_while_the_old_one_serves(
    client: TestClient, trained_folder: Path
) -> None:
    client.get("/v1/recommend")
    with open_workspace(trained_folder) as workspace:
        workspace.train(recipe="popularity")
    damaged = trained_folder / "models" / "v000002" / "members" / "0" / "counts.npy"
    damaged.write_bytes(damaged.read_bytes()[:-2])
    slate = client.get("/v1/recommend").json()
    assert slate["model_version"] == "v000001"


@pytest.mark.integration
def test_zhiyin_serve_answers_over_a_real_socket(trained_folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "zhiyin.app.cli.main", "serve", "-w", str(trained_folder)]
    server = subprocess.Popen([*command, "--port", str(port)])
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
            _wait(http)
            slate = http.get("/v1/recommend", params={"user_id": "u01", "n": 2}).json()
            assert [i.split("-")[0] for i in items(slate)] == ["pan", "pan"]
            assert http.get("/openapi.json").json()["info"]["title"] == "Zhiyin"
    finally:
        server.terminate()
        assert server.wait(timeout=10) in (0, -15)


def _wait(http: httpx.Client) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if http.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the service did not come up")
