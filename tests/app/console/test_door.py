"""The door passes on what is meant for the console, and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from zhiyin.app.console.door import Door, same_origin


async def service(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("service")(scope, receive, send)


def ask(path: str, socket: Path, **given: object) -> httpx.Response:
    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(Door(service, socket=socket))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            return await client.get(path, **given)  # type: ignore[arg-type]

    return asyncio.run(run())


@pytest.mark.parametrize("path", ["/", "/v1/items", "/consoles", "/docs"])
def test_everything_else_goes_to_the_service(path: str, tmp_path: Path) -> None:
    assert ask(path, tmp_path / "none.sock").text == "service"


def test_a_console_that_does_not_answer_is_told_with_what_to_do(tmp_path: Path) -> None:
    answer = ask("/console/", tmp_path / "none.sock")
    assert answer.status_code == 503
    assert "load the page again" in answer.text


def test_the_bare_address_leads_to_the_pages(tmp_path: Path) -> None:
    answer = ask("/console", tmp_path / "none.sock")
    assert answer.status_code == 307
    assert answer.headers["location"] == "/console/"


def test_a_page_of_another_origin_opens_no_web_socket() -> None:
    assert same_origin({"host": "shop:8088", "origin": "http://shop:8088"})
    assert same_origin({"host": "shop:8088"})
    assert not same_origin({"host": "shop:8088", "origin": "http://evil.example"})
    assert not same_origin({"host": "shop:8088", "origin": "null"})


def test_the_console_is_behind_the_same_address_as_the_service(address: str) -> None:
    page = httpx.get(f"{address}/console/", timeout=60)
    assert page.status_code == 200
    assert page.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert "path=/console" in page.headers["set-cookie"].lower()
    assert httpx.get(f"{address}/healthz", timeout=60).json()["status"] == "ok"


def test_no_visitor_is_taken_for_another(address: str) -> None:
    given = {httpx.get(f"{address}/console/chat", timeout=60).headers["set-cookie"] for _ in "123"}
    assert len(given) == 3


def test_nothing_of_a_page_is_loaded_from_elsewhere(address: str) -> None:
    page = httpx.get(f"{address}/console/", timeout=60).text
    for part in page.split('"'):
        assert not part.startswith(("http://", "https://", "//")) or "w3.org" in part, part
