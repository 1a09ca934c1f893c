"""A trained workspace on disk, for commands and the service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from tests.llm.conftest import ChatServer
from tests.pipeline.conftest import two_tastes

from zhiyin.app.http.server import create_app
from zhiyin.pipeline.wiring import open_workspace


@pytest.fixture
def trained_folder(tmp_path: Path) -> Path:
    """The folder of a workspace with two tastes and a trained EASE."""
    folder = tmp_path / "shop"
    with open_workspace(folder) as workspace:
        workspace.record(two_tastes())
        workspace.train(recipe="ease")
    return folder


@pytest.fixture
def chat_server() -> Iterator[ChatServer]:
    """A scripted endpoint on loopback."""
    server = ChatServer()
    yield server
    server.close()


@pytest.fixture
def served(tmp_path: Path, chat_server: ChatServer) -> Iterator[Callable[..., TestClient]]:
    """Services whose language model is the scripted endpoint.

    Each is made of a function that fills its workspace, text for ``zhiyin.toml``, and values
    for the section [llm].
    """
    with ExitStack() as opened:

        def serve(fill: Callable[[Path], object], text: str, **llm: object) -> TestClient:
            folder = tmp_path / f"shop{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            settings = {"base_url": chat_server.url, "model": "m", "attempts": 1, **llm}
            lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
            (folder / "zhiyin.toml").write_text(f"[llm]\n{lines}\n{text}")
            fill(folder)
            app = create_app(folder)
            return opened.enter_context(TestClient(app, raise_server_exceptions=False))

        yield serve
