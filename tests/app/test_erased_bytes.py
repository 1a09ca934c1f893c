"""Erasure over HTTP: no byte is left of a person or an item, also after they were spoken of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.llm.conftest import ChatServer
from tests.pipeline.conftest import two_tastes

from zhiyin.app.http.server import create_app
from zhiyin.pipeline.wiring import open_workspace

PERSON = "u-unmistakable"
WORDS = ("Hermenegilde", "Peculiarissimum", "zweiundvierzigfach")
ITEM = "pan-unmistakable"
TITLE = "Sartago singularis"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shop"


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    """A service whose language model repeats the title that it is told."""
    server = ChatServer()

    def repeat(body: dict[str, Any]) -> str:
        said = " ".join(str(message["content"]) for message in body["messages"])
        return json.dumps({"text": f"“{TITLE}”, a pan." if TITLE in said else "A pan."})

    server.script = repeat
    folder.mkdir()
    (folder / "zhiyin.toml").write_text(
        f'[text]\nencoder = "tfidf"\n[llm]\nbase_url = "{server.url}"\nmodel = "m"\nattempts = 1\n'
    )
    with open_workspace(folder) as workspace:
        workspace.record(two_tastes())
        rows = [
            {"item_id": f"{kind}-{i}", "title": f"{kind} {i}", "categories": [kind]}
            for kind in ("book", "pan")
            for i in range(10)
        ]
        workspace.upsert_items([*rows, {"item_id": ITEM, "title": TITLE, "categories": ["pan"]}])
        workspace.record([{"user_id": PERSON, "item_id": f"pan-{i}"} for i in range(3)])
        workspace.record([{"user_id": f"u{i:02}", "item_id": ITEM} for i in range(1, 20, 2)])
        workspace.train(recipe="ease")
    with TestClient(create_app(folder), raise_server_exceptions=False) as opened:
        yield opened
    server.close()


def files_with(folder: Path, *words: str) -> list[str]:
    """Files below a folder that hold one of some words, as bytes, as text or as JSON has it."""
    found: list[str] = []
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes().lower()
            found += [f"{path.name}: {word}" for word in words if word.lower().encode() in data]
    return found


def use_everything(client: TestClient) -> dict[str, Any]:
    """Everything that a person may do; returns the slate of a text that was shown."""
    first = {"user_id": PERSON, "n": 5}
    slate = client.post("/v1/recommend", json={**first, "n": 20}).json()
    assert ITEM in [place["item_id"] for place in slate["positions"]]
    said: dict[str, Any] = {}
    for message in (
        f"A pan for {WORDS[0]} please",
        f"no {WORDS[1]} pans, {WORDS[2]} times",
        f"nothing that {WORDS[0]} from next door would be caught dead with, mind you",
        "others",
        "why the second one?",
        f"remember that I don't want books of {WORDS[0]}",
    ):
        body = {**first, "message": message, "session_id": said.get("session_id")}
        said = client.post("/v1/chat", json=body).json()
        client.post("/v1/chat/stream", json={**body, "session_id": said["session_id"]})
    for method in ("likeness", "shap"):
        asked = {"user_id": PERSON, "item_id": ITEM, "method": method, "length": "long"}
        assert client.post("/v1/explain", json=asked).status_code == 200
    client.patch(f"/v1/profile/{PERSON}", json={"wish": [f"something like {WORDS[1]}"]})
    client.put(f"/v1/users/{PERSON}", json={"name": WORDS[2]})
    for understand in (False, True):
        asked = {"text": f"pan {WORDS[0]}", "user_id": PERSON, "understand": understand}
        assert client.post("/v1/search", json=asked).status_code == 200
    event = {"user_id": PERSON, "item_id": "pan-1", "type": "review", "text": WORDS[0]}
    assert client.post("/v1/events", json=event).status_code == 201
    copy = {"item_ids": [ITEM], "user_id": PERSON, "kind": "push", "n": 2, "show": True}
    copy["segment"] = WORDS[1]
    (text,) = client.post("/v1/copy", json=copy).json()
    answer = {"slate_id": text["slate_id"], "item_id": ITEM, "position": 1}
    assert client.post("/v1/feedback", json=answer).status_code == 201
    return text


def test_nothing_is_left_of_a_person_who_was_spoken_with(client: TestClient, folder: Path) -> None:
    use_everything(client)
    before = {found.split(":")[0].partition("-")[0] for found in files_with(folder, PERSON, *WORDS)}
    assert before > {"chats.sqlite", "zhiyin.db"}
    done = client.post("/v1/erase", json={"kind": "user", "id": PERSON}).json()
    assert done["found"]
    assert not files_with(folder, PERSON, *WORDS)
    again = client.post("/v1/erase", json={"kind": "user", "id": PERSON}).json()
    assert not again["found"]
    assert client.get(f"/v1/export/users/{PERSON}").status_code == 404
    assert PERSON not in client.get("/metrics").text


def test_nothing_is_left_of_an_item_that_was_spoken_of(client: TestClient, folder: Path) -> None:
    text = use_everything(client)
    # Somebody nobody knows talks about it too.
    said = client.post("/v1/chat", json={"message": TITLE}).json()
    assert ITEM in [item["item_id"] for item in said["items"]]
    before = {found.split(":")[0].partition("-")[0] for found in files_with(folder, ITEM, TITLE)}
    assert before > {"chats.sqlite", "replies.sqlite", "zhiyin.db"}
    client.post("/v1/erase", json={"kind": "item", "id": ITEM})
    assert not files_with(folder, ITEM, TITLE)
    # Answers to what was shown of it may still come.
    late = {"user_id": PERSON, "item_id": "pan-1", "context": {"slate_id": text["slate_id"]}}
    assert client.post("/v1/events", json=late).status_code == 201
    answer = {"slate_id": text["slate_id"], "item_id": ITEM, "position": 1}
    assert client.post("/v1/feedback", json=answer).status_code in (404, 422)
    assert ITEM not in client.get("/v1/overview").text
