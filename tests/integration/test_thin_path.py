"""The main job over real parts: files, commands, a socket; a real data set where it is at hand."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

ZHIYIN = [sys.executable, "-m", "zhiyin.app.cli.main"]


def zhiyin(*arguments: object) -> Any:
    """Runs a command with --json in a process of its own."""
    command = [*ZHIYIN, *(str(a) for a in arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@contextmanager
def serving(workspace: Path) -> Iterator[httpx.Client]:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([*ZHIYIN, "serve", "-w", str(workspace), "--port", str(port)])
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            for _ in range(300):
                try:
                    http.get("/readyz").raise_for_status()
                    break
                except httpx.HTTPError:
                    time.sleep(0.1)
            yield http
    finally:
        server.terminate()
        server.wait(timeout=20)


def items(slate: dict[str, Any]) -> list[str]:
    return [position["item_id"] for position in slate["positions"]]


@pytest.mark.integration
def test_ml_100k_from_files_to_a_slate_that_an_event_changes(
    shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    data, shop = shared_data("ml-100k"), tmp_path / "films"
    files = ["--events", data / "interactions.parquet", "--items", data / "items.parquet"]
    report = zhiyin("import", "-w", shop, *files)
    assert report["events"]["accepted"] == 100_000
    assert report["items"]["accepted"] == 1_682
    again = zhiyin("import", "-w", shop, *files)
    assert (again["events"]["accepted"], again["events"]["duplicates"]) == (0, 100_000)
    trained = zhiyin("train", "-w", shop, "--recipe", "ease")
    assert trained["chosen"] == {"ease": 1.0}
    with serving(shop) as http:
        first = http.get("/v1/recommend", params={"user_id": "7", "n": 5}).json()
        assert len(items(first)) == 5
        assert first["slate_id"]
        assert [p["propensity"] for p in first["positions"]] == [1.0] * 5
        event = {"user_id": "7", "item_id": items(first)[0], "type": "view"}
        assert http.post("/v1/events", json=event).json() == {"accepted": 1, "duplicates": 0}
        second = http.get("/v1/recommend", params={"user_id": "7", "n": 5}).json()
        assert items(first)[0] not in items(second)
    by_command = zhiyin("recommend", "7", "-w", shop, "-n", 5)
    assert items(by_command) == items(second), "the command sees what the service was told"


@pytest.mark.integration
def test_the_demo_shows_a_table_where_auto_wins_and_slates_with_reasons(
    shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    """`zhiyin demo` with the data set put into the cache, as a machine without a network has it.

    Measured on the full budget: auto NDCG@10 .120, best single rival .079, popularity .044.
    """
    cache = tmp_path / "cache" / "datasets" / "ml-100k"
    cache.mkdir(parents=True)
    for name in ("interactions", "items", "users"):
        (cache / f"{name}.parquet").symlink_to(shared_data("ml-100k") / f"{name}.parquet")
    (cache / "source.json").write_text("{}")
    environment = {**os.environ, "ZHIYIN_CACHE": str(tmp_path / "cache")}
    command = [*ZHIYIN, "demo", "--dir", str(tmp_path / "demo"), "--budget", "30s", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    ndcg = {m: e["metrics"]["ndcg@10"] for m, e in shown["evaluation"]["models"].items()}
    assert ndcg["auto"] > 0.09
    assert ndcg["auto"] == max(ndcg.values())
    assert len(shown["slates"]) == 3
    for slate in shown["slates"]:
        assert slate["lately"]
        assert all(position["evidence"] for position in slate["positions"])
    assert shown["after_an_event"]["before"] != shown["after_an_event"]["after"]
