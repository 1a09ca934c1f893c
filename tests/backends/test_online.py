"""Online state in memory, in SQLite and in a real Redis."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from zhiyin.backends.online.memory import MemoryState
from zhiyin.backends.online.redis import RedisState
from zhiyin.backends.online.sqlite import SqliteState
from zhiyin.core.errors import ConfigError, StoreError, StoreUnreachableError
from zhiyin.testing.online import OnlineStateConformance
from zhiyin.testing.servers import RedisServer


class TestMemory(OnlineStateConformance):
    shared = False

    @pytest.fixture
    def factory(self) -> Callable[[], MemoryState]:
        return MemoryState


class TestSqlite(OnlineStateConformance):
    shared = True

    @pytest.fixture
    def factory(self, tmp_path: Path) -> Callable[[], SqliteState]:
        return lambda: SqliteState(tmp_path / "online.db")


@pytest.mark.integration
class TestRedis(OnlineStateConformance):
    shared = True

    @pytest.fixture
    def factory(self, redis_server: RedisServer) -> Callable[[], RedisState]:
        prefix = uuid.uuid4().hex
        return lambda: RedisState(redis_server.url, prefix=prefix)


def test_processes_share_a_file(tmp_path: Path) -> None:
    """Four processes count in one file, and a fifth reads the sum."""
    code = (
        "import sys; from pathlib import Path\n"
        "from zhiyin.backends.online.sqlite import SqliteState\n"
        "state = SqliteState(Path(sys.argv[1]))\n"
        "for _ in range(100): state.increment('u', 'n')\n"
    )
    path = tmp_path / "online.db"
    command = [sys.executable, "-c", code, str(path)]
    running = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait() for process in running] == [0] * 4
    state = SqliteState(path)
    assert state.increment("u", "n", 0) == 400
    state.close()


def test_memory_drops_what_expired() -> None:
    """Names that nobody asks for again do not fill the memory."""
    present = [0.0]
    state = MemoryState(now=lambda: present[0])
    for i in range(9_999):
        state.put(f"u{i}", "v", b"x", ttl=1)
    present[0] = 2.0
    state.put("last", "v", b"x")
    assert len(state._owners) == 1


def test_sqlite_drops_what_expired(tmp_path: Path) -> None:
    present = [1_000_000]
    state = SqliteState(tmp_path / "online.db", clock=lambda: present[0])
    for i in range(999):
        state.put(f"u{i}", "v", b"x", ttl=1)
    present[0] += 2_000
    state.put("last", "v", b"x")
    assert state._read("SELECT count(*) FROM kept", ())[0] == (1,)
    state.close()


def test_a_file_that_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "online.db").write_bytes(b"nonsense" * 1000)
    with pytest.raises(StoreError, match=r"online\.db"):
        SqliteState(tmp_path / "online.db")


def test_no_byte_of_a_forgotten_owner_stays(tmp_path: Path) -> None:
    state = SqliteState(tmp_path / "online.db")
    for i in range(200):
        state.put(f"user:somebody-{i:03d}-here", "v", b"private-%03d-words" % i)
        state.push(f"user:somebody-{i:03d}-here", "l", b"private-%03d-words" % i, keep=3)
    for i in range(0, 200, 2):
        state.forget(f"user:somebody-{i:03d}-here")
    found = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"somebody-001-here" in found
    for i in range(0, 200, 2):
        assert b"somebody-%03d-here" % i not in found
        assert b"private-%03d-words" % i not in found
    state.close()


@pytest.mark.integration
def test_a_redis_that_is_away_is_used_again(redis_server: RedisServer) -> None:
    state = RedisState(redis_server.url, prefix="away")
    state.increment("u", "n")
    redis_server.stop()
    try:
        for call in (
            lambda: state.get("u", "v"),
            lambda: state.put("u", "v", b"1"),
            lambda: state.increment("u", "n"),
            lambda: state.recent("u", "l"),
            lambda: state.forget("u"),
        ):
            began = time.monotonic()
            with pytest.raises(StoreUnreachableError, match="does not answer"):
                call()
            assert time.monotonic() - began < 10
    finally:
        redis_server.start()
    assert state.increment("u", "n") == 1  # this server keeps nothing on disk
    assert state.put("u", "v", b"1") is True
    state.close()


@pytest.mark.integration
def test_names_that_expired_leave_nothing_in_redis(redis_server: RedisServer) -> None:
    prefix = uuid.uuid4().hex
    state = RedisState(redis_server.url, prefix=prefix)
    for i in range(50):
        state.increment(f"user:{i}", "n", ttl=0.1)
    time.sleep(0.3)
    assert not list(state._client.scan_iter(f"{prefix}:*"))
    state.close()


def test_addresses_that_cannot_be_read() -> None:
    with pytest.raises(ConfigError, match="address"):
        RedisState("http://somewhere")
