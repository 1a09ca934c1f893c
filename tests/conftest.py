"""What every test stands on: fixed seeds, no network, and loud skips.

Sockets reach loopback and unix sockets only (pytest-socket, set in pyproject.toml). What a
test needs from outside (a server, a data set) it asks of ``require`` or ``shared_data``.
"""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import socket
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
SEED = 20260101

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


def _strict() -> str:
    """Which skips are failures: "all" of them, of "programs" and not of data sets, or "" none."""
    return os.environ.get("ZHIYIN_REQUIRE", "")


class Require:
    """Skips a test that lacks something outside the project, saying how to get it."""

    def command(self, name: str, *, package: str = "") -> Path:
        """The path of a program."""
        found = shutil.which(name)
        if found is None:
            self.missing(f"the command {name}", hint=f"apt-get install {package or name}")
        return Path(found)

    def module(self, name: str, *, extra: str = "all") -> None:
        """An importable module."""
        if importlib.util.find_spec(name) is None:
            self.missing(f"the module {name}", hint=f"pip install 'zhiyin[{extra}]'")

    def server(self, host: str, port: int, *, hint: str) -> None:
        """Something that listens."""
        try:
            socket.create_connection((host, port), timeout=2).close()
        except OSError:
            self.missing(f"a server at {host}:{port}", hint=hint)

    def data(self, name: str) -> Path:
        """The folder of a data set that is never part of the project."""
        base = Path(os.environ.get("ZHIYIN_SHARED_DATA") or ROOT.parent / "shared" / "data")
        if not (base / name).is_dir():
            what = f"the data set {name} ({base / name})"
            hint = "set ZHIYIN_SHARED_DATA to the folder that holds it"
            if _strict() == "programs":
                pytest.skip(f"optional: needs {what}: {hint}")
            self.missing(what, hint=hint)
        return base / name

    def gpu(self) -> None:
        """A CUDA device; it may be absent even under ZHIYIN_REQUIRE=all."""
        import torch  # noqa: PLC0415 - only where a test asks for a GPU

        if not torch.cuda.is_available():
            pytest.skip("optional: no CUDA device")

    def missing(self, what: str, *, hint: str) -> NoReturn:
        """Skips, or fails where ZHIYIN_REQUIRE says so."""
        message = f"needs {what}: {hint}"
        if _strict():
            pytest.fail(f"ZHIYIN_REQUIRE={_strict()}, and this {message}", pytrace=False)
        pytest.skip(message)


@pytest.fixture(scope="session")
def require() -> Require:
    """Asks for servers, commands, modules and data sets."""
    return Require()


@pytest.fixture(scope="session")
def shared_data(require: Require) -> Callable[[str], Path]:
    """``shared_data("ml-1m")``: the folder of a data set beside the repository."""
    return require.data


@pytest.fixture(scope="session")
def postgres_server(require: Require) -> Iterator[Any]:
    """A real Postgres of this test run, which starts with the first test that asks for it."""
    require.module("pg8000", extra="postgres")
    from zhiyin.testing.servers import PostgresServer  # noqa: PLC0415 - needs an extra

    programs = PostgresServer.programs()
    if programs is None:
        require.missing("a Postgres", hint="apt-get install postgresql")
    with PostgresServer(programs) as server:
        server.announce()
        yield server


@pytest.fixture(scope="session")
def redis_server(require: Require) -> Iterator[Any]:
    """A real Redis of this test run, which starts with the first test that asks for it."""
    require.module("redis", extra="redis")
    from zhiyin.testing.servers import RedisServer  # noqa: PLC0415 - needs an extra

    with RedisServer(require.command("redis-server")) as server:
        server.announce()
        yield server


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator with a fixed seed."""
    return np.random.default_rng(SEED)


@pytest.fixture(autouse=True)
def _fixed_seeds() -> None:
    """Fixes the global generators that a library may draw from."""
    random.seed(SEED)
    np.random.seed(SEED)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(SEED)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With ZHIYIN_REQUIRE nothing skips but what is optional, however the skip was asked for."""
    report = yield
    if _strict() and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(call.excinfo.value) if call.excinfo else "skipped"
        if not reason.startswith("optional: "):
            report.outcome = "failed"
            report.longrepr = f"ZHIYIN_REQUIRE={_strict()}, and this test was skipped: {reason}"
    return report
