"""schemathesis over the OpenAPI document: no request makes the service fail or break its word."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks

from zhiyin.app.http.server import create_app
from zhiyin.client import Client

EXAMPLES = 6
"""Requests per operation, always the same ones."""
LEFT_OUT = {"start_training"}
"""It would train, time and again; its refusals are tested beside the client."""
CHECKS = [
    checks.not_a_server_error,
    checks.response_schema_conformance,
    checks.content_type_conformance,
    checks.status_code_conformance,
]


@schemathesis.serializer("application/x-ndjson", "text/plain")
def as_lines(_context: Any, value: Any) -> bytes:
    """What stands in a document for a stream of lines is text already."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


SCHEMA = schemathesis.openapi.from_dict(create_app(Path("shop")).openapi())
OPERATIONS = {
    each.ok().definition.raw["operationId"]: each.ok() for each in SCHEMA.get_all_operations()
}


def test_every_operation_is_met() -> None:
    assert len(OPERATIONS) > 35
    assert LEFT_OUT < OPERATIONS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - LEFT_OUT))
def test_no_request_makes_it_fail(name: str, address: str) -> None:
    @given(case=OPERATIONS[name].as_strategy())
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def attack(case: schemathesis.Case) -> None:
        response = case.call(base_url=address)
        case.validate_response(response, checks=CHECKS)

    attack()


HOSTILE = [
    "'; DROP TABLE events; --",
    '" OR 1=1 --',
    "../../../../etc/passwd",
    "..\\..\\windows",
    "%00",
    "{{7*7}}",
    "\u202e\ufeff\u2028\x85",
    "\U0001f9ff" * 300,
    "a" * 1024,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_words(text: str, shop: Client) -> None:
    before = {item.item_id for item in shop.export_all_items()}
    shop.record_events({"user_id": text, "item_id": "pan-1", "type": text[:100], "query": text})
    assert shop.export_user(text).events[0].query == text
    assert shop.search(text, user_id=text).query == text
    shop.recommend(text, n=2, context={"place": text})
    assert shop.erase("user", text).found
    assert {item.item_id for item in shop.export_all_items()} == before


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 100_000, b"null", b'{"user_id": NaN}', b"\xff\xfe", b'"\\ud800"', b"1e999"],
)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/recommend", "/v1/items", "/v1/erase"])
def test_broken_bodies_are_refused_with_a_hint(path: str, body: bytes, shop: Client) -> None:
    http = shop._transport.http
    answer = http.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["hint"]


@pytest.mark.parametrize(
    "head",
    [
        b"GET /v1/search?text=" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/recommend HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\n",
        b"GET /v1/recommend HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\x00b\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n{}",
        b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_no_request_is_told_as_a_problem(address: str, head: bytes) -> None:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    first, _, rest = answer.partition(b"\r\n")
    assert first == b"HTTP/1.1 400 Bad Request"
    assert b"content-type: application/problem+json" in rest
    assert json.loads(rest.partition(b"\r\n\r\n")[2])["hint"]
