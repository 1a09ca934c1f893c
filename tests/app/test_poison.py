"""Values that a body can carry and a reader cannot: refused at the door."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.pipeline.conftest import two_tastes

from zhiyin.app.http.server import create_app
from zhiyin.pipeline.wiring import open_workspace

POISON = {
    "too large": "9" * 400,
    "too small": "-" + "9" * 30,
    "half a character": '"\\ud800"',
    "a name with half a character": '{"\\udfff": 1}',
    "too deep": "[" * 300 + "]" * 300,
    "too deep by names": '{"a":' * 100 + "1" + "}" * 100,
    "no number": "NaN",
    "endless": "1e999",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("poisoned") / "shop"
    folder.mkdir()
    (folder / "zhiyin.toml").write_text('[text]\nencoder = "tfidf"\n')
    with open_workspace(folder) as workspace:
        workspace.record(two_tastes())
        workspace.upsert_items([{"item_id": "pan-0", "title": "A pan", "price": 20}])
        workspace.train(recipe="ease")
    with TestClient(create_app(folder), raise_server_exceptions=False) as opened:
        yield opened


def send(client: TestClient, method: str, path: str, body: str) -> Any:
    return client.request(method, path, content=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/items", '{"item_id": "x", "title": "ok", "colour": %s}'),
        ("PUT", "/v1/items/x", '{"colour": %s}'),
        ("PATCH", "/v1/items/pan-0", '{"colour": %s}'),
        ("POST", "/v1/users", '{"user_id": "x", "colour": %s}'),
        ("PUT", "/v1/users/x", '{"colour": %s}'),
        ("POST", "/v1/events", '{"user_id": "x", "item_id": "pan-0", "context": {"a": %s}}'),
        ("POST", "/v1/recommend", '{"user_id": "u00", "context": {"a": %s}}'),
        ("POST", "/v1/rank", '{"items": ["pan-0"], "log": true, "context": {"a": %s}}'),
        ("PATCH", "/v1/surfaces/home", '{"filter": %s}'),
    ],
)
def test_what_cannot_be_read_again_is_refused_with_a_hint(
    client: TestClient, method: str, path: str, body: str, poison: str
) -> None:
    answer = send(client, method, path, body % poison)
    assert answer.status_code in (400, 422), answer.text[:200]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["hint"]


def test_a_context_in_an_address_is_held_to_the_same(client: TestClient) -> None:
    for poison in POISON.values():
        asked = {"context": f'{{"a": {poison}}}'}
        assert client.get("/v1/recommend", params=asked).status_code == 422


def test_a_poisoned_line_is_reported_and_the_others_are_stored(client: TestClient) -> None:
    lines = [
        f'{{"user_id": "s{at}", "item_id": "pan-1", "context": {{"a": {value}}}}}'
        for at, value in enumerate(["1", *POISON.values(), "2"])
    ]
    told = client.post(
        "/v1/events/stream",
        content="\n".join(lines),
        headers={"Content-Type": "application/x-ndjson"},
    ).json()
    assert (told["accepted"], told["rejected"]) == (2, len(POISON))
    assert [fault["line"] for fault in told["faults"]] == list(range(2, len(POISON) + 2))


def test_everything_answers_with_odd_things_in_the_catalogue(client: TestClient) -> None:
    odd = [
        {"item_id": "odd-1", "title": "", "colour": {"a": [1, {"b": None}]}, "price": 1e308},
        {"item_id": "odd-2", "title": " \u200b\u202e ", "colour": [1, "a", True, None]},
        {"item_id": "odd-3", "colour": 2**63 - 1, "categories": ["\u0000", "", " "]},
        {"item_id": "odd-4", "colour": "x" * 100_000, "text": "\U0001f9ff" * 5000, "price": -1},
    ]
    stored = client.post("/v1/items", content=json.dumps(odd))
    assert stored.status_code in (201, 422)
    for row in odd:
        client.post("/v1/items", json=row)
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/v1/search", {"text": "a pan", "understand": True, "explain": True, "user_id": "u01"}),
        ("/v1/chat", {"message": "a pan under 50", "user_id": "u01"}),
        ("/v1/copy", {"item_ids": ["odd-1"], "kind": "email", "n": 10}),
        ("/v1/recommend", {"user_id": "u01", "filter": "colour = 7", "n": 1000}),
        ("/v1/recommend", {"user_id": "u01", "filter": "price < 1e300", "n": 1000}),
        ("/v1/recommend", {"user_id": "u01", "boost": "price", "n": 5}),
        ("/v1/recommend", {"user_id": "u01", "return_properties": True, "n": 1000}),
    ]
    for path, body in asked:
        answer = client.post(path, json=body)
        assert answer.status_code in (200, 422), f"{path}: {answer.text[:300]}"
    for path in ("/v1/export/items", "/v1/items?limit=1000", "/v1/profile/u01", "/v1/overview"):
        assert client.get(path).status_code == 200, path
