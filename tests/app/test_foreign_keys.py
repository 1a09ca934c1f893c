"""A key of another workspace sees nothing and changes nothing, on every route that there is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from tests.pipeline.conftest import two_tastes

from zhiyin.app.http.access import OPEN_PATHS
from zhiyin.app.http.keys import KeyRing
from zhiyin.app.http.resources.recommend import SHOWN
from zhiyin.app.http.server import create_app
from zhiyin.pipeline.wiring import open_workspace

SECRET = "Arcanum"
"""Stands in every record of the shop, in its settings and in nothing of the spy's workspace."""
SCOPES = ("read", "write", "admin")
Example = tuple[str, str, dict[str, Any], Any, str]
"""Method, address, parameters, body and its media type."""


def fill(folder: Path, names: dict[str, str], *, secret: str) -> Path:
    """A trained workspace; the shop has the ids that the examples of the document name."""
    folder.mkdir()
    (folder / "zhiyin.toml").write_text(
        f'[text]\nencoder = "tfidf"\n[surfaces.home]\nfilter = "title != \'{secret}\'"\n'
    )
    with open_workspace(folder) as workspace:
        events = two_tastes()
        for event in events:
            for field in ("user_id", "item_id"):
                event[field] = names.get(str(event[field]), str(event[field]) + secret)
        workspace.record(events)
        items = sorted({str(event["item_id"]) for event in events})
        users = sorted({str(event["user_id"]) for event in events})
        workspace.upsert_items([{"item_id": i, "title": f"{secret} {i}"} for i in items])
        workspace.upsert_users([{"user_id": u, "city": f"{secret} city"} for u in users])
        workspace.profiles.edit(users[0], {"wish": [f"{secret} wish"]})
        workspace.train(recipe="ease")
        workspace.train(recipe="popularity")
    return folder


NAMES = {"u00": "u-7", "u01": "u-8", "book-0": "tent-1", "book-1": "lamp-2", "book-2": "bag-3"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("mine") / "shop", NAMES, secret=SECRET)


@pytest.fixture(scope="module")
def spy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("theirs") / "spy", {}, secret="Other")


@pytest.fixture(scope="module")
def client(shop: Path, spy: Path) -> Iterator[TestClient]:
    with TestClient(create_app([shop, spy]), raise_server_exceptions=False) as opened:
        yield opened


def head(key: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", **more}


def first(media: dict[str, Any]) -> Any:
    return (
        media["example"] if "example" in media else next(iter(media["examples"].values()))["value"]
    )


def examples(document: dict[str, Any], slate_id: str) -> list[Example]:
    """One request per operation, of the examples of the document, about the shop's own things."""
    found: list[Example] = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            address, params = path, {}
            for parameter in operation.get("parameters", ()):
                value = parameter.get("example", (parameter["schema"].get("examples") or [None])[0])
                assert value is not None, f"{path}: {parameter['name']} has no example"
                if value == SHOWN.slate_id:
                    value = slate_id
                if parameter["in"] == "path":
                    address = address.replace(
                        f"{{{parameter['name']}}}", quote(str(value), safe="")
                    )
                elif parameter["in"] == "query" and parameter.get("required"):
                    params[parameter["name"]] = value
            assert "{" not in address, f"{path} has a part without an example"
            body, kind = None, ""
            for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
                kind, body = media_type, first(media)
                break
            if kind == "application/json":
                body = json.dumps(body).replace(SHOWN.slate_id, slate_id)
            if path == "/v1/train":
                body = '{"recipe": "no-such-recipe"}'  # no training of the spy's own is wanted
            found.append((method.upper(), address, params, body, kind))
    return found


def ask(client: TestClient, example: Example, headers: dict[str, str]) -> Any:
    method, address, params, body, kind = example
    given = {**headers, "Content-Type": kind} if kind else headers
    return client.request(method, address, params=params, content=body, headers=given)


def state(folder: Path) -> tuple[object, ...]:
    """What of a workspace a stranger might change."""
    with open_workspace(folder) as workspace:
        stores = workspace.stores
        records = [
            hashlib.sha256(stores.entities.scan(kind).sort("key").write_json().encode()).hexdigest()
            for kind in ("item", "user")
        ]
        return (
            stores.events.count(),
            stores.events.last_seq(),
            stores.exposures.count(),
            records,
            workspace.profile("u-7").view().wishes,
            workspace.artifacts.current(),
            workspace.artifacts.versions(),
            (folder / "zhiyin.toml").read_text(),
        )


def test_a_key_of_another_workspace_sees_and_changes_nothing_on_any_route(
    client: TestClient, shop: Path, spy: Path
) -> None:
    mine = KeyRing(shop).create(scopes=SCOPES)[1]
    theirs = KeyRing(spy).create(scopes=SCOPES)[1]
    slate = client.post("/v1/recommend", json={"user_id": "u-7", "n": 3}, headers=head(mine))
    said = client.post("/v1/chat", json={"message": SECRET, "user_id": "u-7"}, headers=head(mine))
    assert slate.status_code == said.status_code == 200
    assert SECRET in said.text
    asked = examples(client.get("/openapi.json").json(), slate.json()["slate_id"])
    assert len(asked) > 45
    before = state(shop)
    answered: dict[int, int] = {}
    for example in asked:
        name = f"{example[0]} {example[1]}"
        answer = ask(client, example, head(theirs))
        assert SECRET not in answer.text, name
        assert answer.status_code < 500 or answer.status_code == 503, f"{name}: {answer.text}"
        answered[answer.status_code // 100] = answered.get(answer.status_code // 100, 0) + 1
        named = ask(client, example, head(theirs, **{"X-Zhiyin-Workspace": "shop"}))
        if example[1] not in OPEN_PATHS:
            assert named.status_code == 404, f"{name}: {named.status_code}"
        assert SECRET not in named.text, name
    assert answered[2] > 20, "the key must be good for its own workspace"
    session = {"message": "others", "user_id": "u-7", "session_id": said.json()["session_id"]}
    for path in ("/v1/chat", "/v1/chat/stream"):
        assert client.post(path, json=session, headers=head(theirs)).status_code == 404
    assert state(shop) == before
    # The same questions do find something with the shop's own key.
    seen = [ask(client, example, head(mine)).text for example in asked if example[0] == "GET"]
    assert sum(SECRET in text for text in seen) > 10


def test_without_a_key_no_route_answers_once_there_is_one(
    client: TestClient, shop: Path, spy: Path
) -> None:
    KeyRing(spy).create(scopes=["read"])
    for example in examples(client.get("/openapi.json").json(), "x"):
        for headers in ({}, head("zhi_0_0"), {"X-Zhiyin-Workspace": "shop"}, {"X-Api-Key": "x"}):
            answer = ask(client, example, headers)
            if example[1] not in OPEN_PATHS:
                assert answer.status_code == 401, f"{example[:2]}: {answer.status_code}"
            assert SECRET not in answer.text


@pytest.mark.parametrize("scope", SCOPES[:2])
def test_a_key_of_one_scope_does_only_that(client: TestClient, shop: Path, scope: str) -> None:
    key = KeyRing(shop).create(scopes=[scope])[1]
    before = state(shop)
    codes: dict[str, int] = {}
    for example in examples(client.get("/openapi.json").json(), "x"):
        if scope == "write" and example[0] != "GET":
            continue  # it may write; that it may not read is what is asked here
        codes[f"{example[0]} {example[1]}"] = ask(client, example, head(key)).status_code
    refused = {name for name, code in codes.items() if code == 403}
    assert {"GET /v1/settings", "GET /v1/export/events"} <= refused
    if scope == "write":
        open_ones = {f"GET {path}" for path in OPEN_PATHS}
        assert refused == codes.keys() - open_ones
    else:
        changing = {"POST /v1/events", "POST /v1/copy", "POST /v1/chat", "POST /v1/erase"}
        assert changing <= refused
        after = state(shop)
        assert (after[:2], after[3:]) == (before[:2], before[3:])
