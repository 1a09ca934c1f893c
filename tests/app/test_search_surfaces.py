"""Search, similar items and live items, as commands and over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from zhiyin.app.cli.main import app
from zhiyin.app.http.server import create_app

TENT = {"item_id": "tent", "title": "双人帐篷", "text": "露营防水。", "categories": ["户外"]}
LAMP = {"item_id": "lamp", "title": "露营灯", "text": "帐篷里的夜间照明。", "categories": ["灯具"]}
BAG = {"item_id": "bag", "title": "睡袋", "text": "秋冬露营保暖。", "categories": ["户外"]}


@pytest.fixture
def client(trained_folder: Path) -> Iterator[TestClient]:
    (trained_folder / "zhiyin.toml").write_text('[text]\nencoder = "tfidf"\n', encoding="utf-8")
    with TestClient(create_app(trained_folder), raise_server_exceptions=False) as opened:
        yield opened


def run(folder: Path, *words: str) -> object:
    result = CliRunner().invoke(app, [*words, "--workspace", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_posted_item_is_found_and_has_neighbours_on_the_next_request(
    client: TestClient, trained_folder: Path
) -> None:
    assert client.get("/v1/search", params={"text": "帐篷"}).json()["hits"] == []
    stored = client.post("/v1/items", json=TENT)
    assert (stored.status_code, stored.json()) == (201, {"accepted": 1})
    assert client.post("/v1/items", json=[LAMP, BAG]).json() == {"accepted": 2}
    found = client.post("/v1/search", json={"text": "帐篷", "n": 2, "explain": True}).json()
    assert {hit["item_id"] for hit in found["hits"]} == {"tent", "lamp"}
    assert all(hit["words"] == ["帐篷"] for hit in found["hits"])
    likes = client.get("/v1/similar/items/tent").json()
    assert {near["by"] for near in likes} == {"meaning"}
    only = {"by": "meaning", "category": "灯具"}
    assert [n["id"] for n in client.get("/v1/similar/items/tent", params=only).json()] == ["lamp"]
    other = client.get("/v1/similar/items/tent", params={"other_categories": True}).json()
    assert "lamp" in [near["id"] for near in other]
    assert "bag" not in [near["id"] for near in other]
    shown = run(trained_folder, "similar", "tent", "--by", "both", "--likeness", "pearson")
    assert {near["id"] for near in shown} >= {"lamp", "bag"}  # type: ignore[union-attr,index]


def test_a_search_on_the_command_line(trained_folder: Path, client: TestClient) -> None:
    client.post("/v1/items", json=[TENT, LAMP, BAG])
    found = run(trained_folder, "search", "夜间照明", "-n", "1", "--user", "u00")
    assert [hit["item_id"] for hit in found["hits"]] == ["lamp"]  # type: ignore[index,call-overload]
    shown = CliRunner().invoke(app, ["search", "tent", "-w", str(trained_folder), "--explain"])
    assert "because of" in shown.output
    assert "the query is in en, the catalogue in zh" in " ".join(shown.output.split())
    meant = run(trained_folder, "search", "under 5 euros", "--understand")
    assert meant["understood"]["intent"]  # type: ignore[index,call-overload]
    shown = CliRunner().invoke(app, ["search", "tent", "-w", str(trained_folder), "--understand"])
    assert "Understood (find): searched for “tent”" in " ".join(shown.output.split())
    likely = run(trained_folder, "similar", "pan-1", "--category", "none")
    assert likely == []


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"title": "no id"}, "item_id"),
        ({"item_id": ""}, "item_id"),
        ({"item_id": "x", "price": "cheap"}, "price"),
        ([{"item_id": "x"}, {"item_id": "y", "title": 7}], "title"),
        ("nonsense", "body"),
    ],
)
def test_a_malformed_item_is_refused_and_nothing_is_stored(
    client: TestClient, body: object, where: str
) -> None:
    answer = client.post("/v1/items", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert where in answer.json()["detail"]
    assert client.get("/v1/search", params={"text": "x"}).json()["hits"] == []


@pytest.mark.parametrize("params", [{}, {"text": "x", "n": 0}, {"text": "x" * 100_001}])
def test_an_impossible_search_is_refused(client: TestClient, params: dict[str, str]) -> None:
    assert client.post("/v1/search", json=params).status_code == 422


def test_an_unknown_item_has_no_neighbours(client: TestClient) -> None:
    assert client.get("/v1/similar/items/none", params={"by": "meaning"}).status_code == 404
