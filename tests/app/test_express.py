"""The short way answers as the general one does."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from zhiyin.app.http import express
from zhiyin.app.http.server import create_app

SLATES = "/v1/recommend"
EVENTS = "/v1/events"
ADDRESSES = (
    "",
    "user_id=u1",
    "user_id=u1&n=3",
    "n=3&user_id=u1&surface=detail&seed=7",
    "user_id=nobody%20we%20know&n=2",
    "user_id=%E7%9F%A5%E9%9F%B3",
    "user_id=a+b",
    "user_id=",
    "user_id=u1&n=0",
    "user_id=u1&n=1001",
    "user_id=u1&n=-1",
    "user_id=u1&n=3.0",
    "user_id=u1&n=x",
    "user_id=u1&n=",
    "user_id=u1&n=2&n=3",
    "user_id=u1&seed=99999999999999999999",
    "user_id=u1&surface=",
    "user_id=u1&surface=%00",
    "user_id=%00",
    "user_id=%ff%fe",
    "user_id=%",
    "user_id=u1&explain=true",
    "user_id=u1&filter=price+%3C",
    "user_id=u1&unknown=1",
    "&&&",
    "user_id=u1;n=3",
    "user_id=" + "x" * 3000,
)
BODIES: tuple[Any, ...] = (
    {},
    {"user_id": "u1", "n": 3},
    {"session": ["i1", "i2"], "n": 2, "explain": True},
    {"user_id": "u1", "filter": "price <"},
    {"user_id": "u1", "context": {"device": "phone"}, "log": False},
    {"user_id": "u1", "weights": {"nothing": 2.0}, "log": False},
    {"user_id": "u1", "weights": {"ease": 2.0}},
    {"user_id": "u1", "page_of": "nothing"},
    {"user_id": "u1", "n": "3"},
    {"user_id": 7},
    {"user_id": "u1", "n": 0},
    {"user_id": "u1", "unknown": 1},
    [],
    "u1",
    None,
)
SENT: tuple[Any, ...] = (
    {"user_id": "u1", "item_id": "i1", "type": "view"},
    [{"user_id": "u1", "item_id": "i1"}, {"user_id": "u2", "item_id": "i2", "value": 2.5}],
    [],
    {"user_id": "u1", "type": "search", "query": "雨"},
    {"user_id": "", "item_id": "i1"},
    {"item_id": "i1"},
    {"user_id": "u1", "item_id": "i1", "timestamp": "yesterday"},
    [{"user_id": "u1", "item_id": "i1"}, {"user_id": 7}],
    {"user_id": "u1", "item_id": "i1", "unknown": 1},
    "u1",
    None,
)
RAW = (b"", b"{", b"\xff", b'{"user_id": "u1"} x', b"[" * 5000, b'{"n": NaN}')
MARKS = {"slate_id", "created"}
"""What differs from answer to answer."""


@pytest.fixture
def client(trained_folder: Path) -> Generator[TestClient]:
    with TestClient(create_app(trained_folder), raise_server_exceptions=False) as opened:
        yield opened


async def pass_on(self: Any, scope: Scope, receive: Receive, send: Send) -> None:
    await self._app(scope, receive, send)


def plain(answer: Any) -> tuple[int, str | None, Any]:
    told: Any = answer.json() if answer.content else None
    if isinstance(told, dict):
        fields = cast("dict[str, Any]", told)
        told = {name: value for name, value in fields.items() if name not in MARKS}
    return answer.status_code, answer.headers.get("content-type"), told


def both(client: TestClient, url: str = SLATES, **request: Any) -> None:
    short = client.request(url=url, **request)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(express.Express, "__call__", pass_on)
        general = client.request(url=url, **request)
    assert plain(short) == plain(general)


@pytest.mark.parametrize("query", ADDRESSES)
def test_an_address_gets_what_the_general_way_answers(client: TestClient, query: str) -> None:
    both(client, method="GET", params=query)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: json.dumps(body)[:40])
def test_a_body_gets_what_the_general_way_answers(client: TestClient, body: Any) -> None:
    both(client, method="POST", json=body)


@pytest.mark.parametrize("body", RAW, ids=lambda body: repr(body[:20]))
def test_a_broken_body_gets_what_the_general_way_answers(client: TestClient, body: bytes) -> None:
    both(client, method="POST", content=body, headers={"Content-Type": "application/json"})
    both(client, method="POST", content=body, headers={"Content-Type": "text/plain"})


def test_other_methods_and_large_bodies_go_the_general_way(client: TestClient) -> None:
    both(client, method="DELETE")
    both(client, method="POST", json={"session": ["x" * 100] * 1000})


def test_a_body_that_comes_in_parts_is_read_whole(client: TestClient) -> None:
    parts = (b'{"user_', b'id": "u1", "n": 2}')
    headers = {"Content-Type": "application/json"}
    answer = client.post(SLATES, content=(part for part in parts), headers=headers)
    assert len(answer.json()["positions"]) == 2


@pytest.mark.parametrize("body", SENT, ids=lambda body: json.dumps(body)[:40])
def test_events_are_answered_as_the_general_way_does(client: TestClient, body: Any) -> None:
    both(client, EVENTS, method="POST", json=body)
    both(client, EVENTS, method="POST", json=body, params="x=1")


def test_what_came_the_short_way_is_stored_once(client: TestClient) -> None:
    event = {"user_id": "u1", "item_id": "i1", "type": "view", "event_id": "only-one"}
    assert client.post(EVENTS, json=event).json() == {"accepted": 1, "duplicates": 0}
    assert client.post(EVENTS, json=[event]).json() == {"accepted": 0, "duplicates": 1}
    named = {"Idempotency-Key": "k1"}
    again = [client.post(EVENTS, json={"user_id": "u2"}, headers=named).json() for _ in range(2)]
    assert again == [{"accepted": 1, "duplicates": 0}, {"accepted": 0, "duplicates": 1}]


def test_a_plain_request_does_go_the_short_way(client: TestClient) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for way in express.WAYS.values():
            patch.setattr(way.route, "path", f"/short{way.route.path}")
        assert client.get(SLATES, params={"user_id": "u1", "n": 2}).status_code == 200
        assert client.post(SLATES, json={"user_id": "u1", "n": 2}).status_code == 200
        event = {"user_id": "u1", "item_id": "i1", "type": "view"}
        assert client.post(EVENTS, json=event).status_code == 201
        counted = client.get("/metrics").text
    assert 'method="GET",route="/short/v1/recommend",status="200"' in counted
    assert 'method="POST",route="/short/v1/recommend",status="200"' in counted
    assert 'method="POST",route="/short/v1/events",status="201"' in counted
