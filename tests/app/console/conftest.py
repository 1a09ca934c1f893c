"""The console over a real service: in one process for pages, as `zhiyin serve` for the browser."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
from tests.conftest import Require
from tests.pipeline.conftest import two_tastes

from zhiyin.pipeline.wiring import open_workspace

HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{7*7}}'
"""A title that must stay a text."""


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained workspace with titles, one of them hostile, and a slate that was answered."""
    folder = tmp_path_factory.mktemp("console") / "shop"
    with open_workspace(folder) as workspace:
        events = two_tastes()
        workspace.record(events)
        items = sorted({str(event["item_id"]) for event in events})
        workspace.upsert_items(
            [
                {
                    "item_id": item,
                    "title": HOSTILE if k == 0 else f"Title of {item}",
                    "categories": ["left" if k % 2 else "right", HOSTILE],
                    "price": k,
                }
                for k, item in enumerate(items)
            ]
        )
        workspace.train(recipe="ease")
    return folder


@pytest.fixture(scope="session")
def empty_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with nothing in it."""
    folder = tmp_path_factory.mktemp("console-empty") / "bare"
    open_workspace(folder).close()
    return folder


@pytest.fixture(scope="session")
def address(shop: Path) -> Generator[str]:
    """Where `zhiyin serve --console` answers, as a user starts it."""
    if sys.platform == "win32":
        pytest.skip("the console listens on a unix socket")
    Require().module("nicegui", extra="console")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    told = f"http://127.0.0.1:{port}"
    started = "from zhiyin.app.cli.main import run; run()"
    command = [sys.executable, "-c", started, "serve", str(shop), "--port", str(port), "--console"]
    with subprocess.Popen(command) as process:
        try:
            _wait(f"{told}/console/", process)
            yield told
        finally:
            process.terminate()
            process.wait(20)


def _wait(url: str, process: subprocess.Popen[bytes], patience_s: float = 120.0) -> None:
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        assert process.poll() is None, "zhiyin serve ended"
        try:
            if httpx.get(url, timeout=10).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise AssertionError(f"{url} did not answer within {patience_s:g} s")
