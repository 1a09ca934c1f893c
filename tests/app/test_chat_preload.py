"""What a conversation needs is loaded when a service starts, where [chat] asks for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from zhiyin.app.http.server import create_app
from zhiyin.pipeline.wiring import open_workspace

_PATIENCE = 60.0


def shop(folder: Path, *settings: str) -> Path:
    """A workspace of two items, with a section [chat]."""
    folder.mkdir()
    (folder / "zhiyin.toml").write_text("\n".join(settings))
    with open_workspace(folder) as workspace:
        workspace.upsert_items(
            [
                {"item_id": "flask", "title": "Red steel flask"},
                {"item_id": "lamp", "title": "Blue desk lamp"},
            ]
        )
    return folder


def soon(happens: Callable[[], bool]) -> bool:
    end = time.monotonic() + _PATIENCE
    while not happens() and time.monotonic() < end:
        time.sleep(0.05)
    return happens()


def test_preload_makes_the_index_before_the_first_message(tmp_path: Path) -> None:
    folder = shop(tmp_path / "ready", "[chat]", "preload = true")
    with TestClient(create_app(folder)) as client:
        assert soon(lambda: any((folder / "search").glob("*")))
        told = client.post("/v1/chat", json={"message": "a red flask"}).json()
    assert [item["item_id"] for item in told["items"]][:1] == ["flask"]


def test_a_service_that_ends_at_once_waits_for_what_it_loads(tmp_path: Path) -> None:
    folder = shop(tmp_path / "short", "[chat]", "preload = true")
    with TestClient(create_app(folder)):
        pass
    assert any((folder / "search").glob("*"))


def test_without_it_nothing_is_loaded(tmp_path: Path) -> None:
    folder = shop(tmp_path / "lazy")
    with TestClient(create_app(folder)) as client:
        assert client.get("/readyz").status_code in (200, 503)
        assert not (folder / "search").exists()


def test_what_cannot_be_loaded_ahead_is_told_and_the_service_serves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = shop(
        tmp_path / "broken", "[chat]", "preload = true", "[llm]", 'gguf = "no-such-model.gguf"'
    )
    with caplog.at_level(logging.WARNING, "zhiyin.http"), TestClient(create_app(folder)) as client:
        assert soon(lambda: "no-such-model" in caplog.text)
        assert client.get("/healthz").status_code == 200
