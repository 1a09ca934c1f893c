"""The ground that tests stand on: no network, fixed seeds, loud skips."""

from __future__ import annotations

import os
import random
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pytest_socket import SocketConnectBlockedError

pytest_plugins = ["pytester"]

SKIPS = """
import pytest

def test_asks_for_data(shared_data):
    shared_data("no-such-set")

def test_asks_for_a_server(require):
    require.server("127.0.0.1", 9, hint="start one")

def test_asks_for_a_command(require):
    require.command("no-such-command")

def test_asks_for_a_module(require):
    require.module("no_such_module")

@pytest.mark.skip(reason="later")
def test_left_out_by_mark(): ...

def test_left_out_by_call():
    pytest.skip("not today")

def test_optional():
    pytest.skip("optional: no such device")
"""


def test_loopback_connects() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=2).close()


def test_nothing_else_connects() -> None:
    # 0.0.0.0 would reach this very machine: without the guard this test fails harmlessly.
    with (
        socket.socket() as client,
        pytest.warns(UserWarning, match="socket.connect"),
        pytest.raises(SocketConnectBlockedError),
    ):
        client.connect(("0.0.0.0", 9))


def test_unix_sockets_connect(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))


@pytest.mark.parametrize("_run", [1, 2])
def test_seeds_are_fixed(_run: int, rng: np.random.Generator) -> None:
    drawn = (random.random(), float(np.random.rand()), float(rng.random()))
    _DRAWN.append(drawn)
    assert all(drawn == first for first in _DRAWN[:1])


_DRAWN: list[tuple[float, float, float]] = []


@pytest.fixture
def outcomes(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, repo_root: Path
) -> Callable[[str], dict[str, int]]:
    """Runs the skipping tests under a value of ZHIYIN_REQUIRE."""

    def run(value: str) -> dict[str, int]:
        monkeypatch.setenv("ZHIYIN_REQUIRE", value)
        pytester.makeconftest((repo_root / "tests" / "conftest.py").read_text(encoding="utf-8"))
        pytester.makepyfile(SKIPS)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider").parseoutcomes()

    return run


def test_skips_are_skips_at_home(outcomes: Callable[[str], dict[str, int]]) -> None:
    assert outcomes("") == {"skipped": 7}


def test_skips_are_failures_under_require_all(outcomes: Callable[[str], dict[str, int]]) -> None:
    assert outcomes("all") == {"failed": 5, "errors": 1, "skipped": 1}


def test_only_data_sets_skip_under_require_programs(
    outcomes: Callable[[str], dict[str, int]],
) -> None:
    assert outcomes("programs") == {"failed": 4, "errors": 1, "skipped": 2}


def test_shared_data_can_be_moved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    monkeypatch.setenv("ZHIYIN_SHARED_DATA", str(tmp_path))
    (tmp_path / "tiny").mkdir()
    assert shared_data("tiny") == tmp_path / "tiny"


def test_ci_runs_every_test_strictly(repo_root: Path) -> None:
    script = repo_root / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)
    lines = script.read_text(encoding="utf-8").split("\n")
    assert "export ZHIYIN_REQUIRE=all" in lines
    assert "make test" in lines
