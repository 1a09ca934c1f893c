"""A real server over a trained workspace, and a client of it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from tests.pipeline.conftest import two_tastes

from zhiyin.app.http.protocol import PatientProtocol
from zhiyin.app.http.server import create_app
from zhiyin.client import Client
from zhiyin.pipeline.wiring import open_workspace


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two tastes, titles, and a trained EASE beside state-knn's kin."""
    folder = tmp_path_factory.mktemp("served") / "shop"
    folder.mkdir()
    (folder / "zhiyin.toml").write_text('[text]\nencoder = "tfidf"\n', encoding="utf-8")
    with open_workspace(folder) as workspace:
        workspace.record(two_tastes())
        workspace.upsert_items(
            [
                {"item_id": f"{kind}-{i}", "title": f"{kind} number {i}", "categories": [kind]}
                for kind in ("book", "pan")
                for i in range(10)
            ]
        )
        workspace.train(recipe="user-knn")
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Where it is served."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(
        create_app(folder), port=port, log_level="error", ws="none", http=PatientProtocol
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=20)


@pytest.fixture
def shop(address: str) -> Iterator[Client]:
    """A client of it."""
    with Client(address) as opened:
        yield opened
