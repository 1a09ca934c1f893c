"""Online state of several processes on one machine, in one SQLite file.

The file is apart from the store, so that counting never waits for an import. Commits do not
wait for the disk: what a power cut takes from here is not the only copy of anything.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.errors import StoreBusyError, StoreError, StoreFullError
from zhiyin.core.write_ahead import write_ahead

STATE_FILE = "online.db"
"""Name of the file in a workspace's folder."""
_BUSY_SECONDS = 10
_SWEEP = 1000
"""Writes after which what has expired is dropped."""
_NEVER = 2**62
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS kept (owner TEXT, name TEXT, value BLOB NOT NULL, "
    "until INTEGER NOT NULL, PRIMARY KEY (owner, name)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS counters (owner TEXT, name TEXT, value INTEGER NOT NULL, "
    "until INTEGER NOT NULL, PRIMARY KEY (owner, name)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS lists (owner TEXT, name TEXT, place INTEGER, value BLOB NOT NULL, "
    "until INTEGER NOT NULL, PRIMARY KEY (owner, name, place)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS kept_until ON kept (until)",
    "CREATE INDEX IF NOT EXISTS counters_until ON counters (until)",
    "CREATE INDEX IF NOT EXISTS lists_until ON lists (until)",
)
_TABLES = ("kept", "counters", "lists")


class SqliteState:
    """Keeps everything in a file that several processes open.

    Args:
        path: The file, made where absent.
        clock: The machine's clock, which all processes share.

    Raises:
        StoreError: The file cannot be used.
    """

    def __init__(self, path: Path, *, clock: Clock = system_clock) -> None:
        self._path, self._clock = path, clock
        self._lock = threading.Lock()
        self._writes = 0
        with self._translated():
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            write_ahead(self._connection)
            for pragma in ("synchronous = OFF", "secure_delete = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            for statement in _SCHEMA:
                self._connection.execute(statement)

    def get(self, owner: str, name: str) -> bytes | None:
        """See `OnlineState.get`."""
        found = self._read(
            "SELECT value FROM kept WHERE owner = ? AND name = ? AND until > ?",
            (owner, name, self._clock()),
        )
        return found[0][0] if found else None

    def put(
        self, owner: str, name: str, value: bytes, *, ttl: float | None = None, new: bool = False
    ) -> bool:
        """See `OnlineState.put`."""
        now = self._clock()
        only = "WHERE kept.until <= ?" if new else "WHERE ? IS NOT NULL"
        with self._writing() as connection:
            changed = connection.execute(
                "INSERT INTO kept (owner, name, value, until) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (owner, name) DO UPDATE SET value = excluded.value, "
                f"until = excluded.until {only}",
                (owner, name, value, _until(ttl, now), now),
            )
            return changed.rowcount > 0

    def increment(
        self,
        owner: str,
        name: str,
        by: int = 1,
        *,
        ttl: float | None = None,
        limit: int | None = None,
    ) -> int | None:
        """See `OnlineState.increment`."""
        now, until = self._clock(), 0
        with self._writing() as connection:
            value, until = connection.execute(
                "SELECT value, until FROM counters WHERE owner = ? AND name = ? AND until > ?",
                (owner, name, now),
            ).fetchone() or (0, _until(ttl, now))
            if limit is not None and value + by > limit:
                return None
            if by:
                connection.execute(
                    "INSERT INTO counters (owner, name, value, until) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT (owner, name) DO UPDATE "
                    "SET value = excluded.value, until = excluded.until",
                    (owner, name, value + by, until),
                )
            return value + by

    def push(
        self, owner: str, name: str, value: bytes, *, keep: int, ttl: float | None = None
    ) -> None:
        """See `OnlineState.push`."""
        now = self._clock()
        until, whose = _until(ttl, now), (owner, name)
        with self._writing() as connection:
            connection.execute(
                "DELETE FROM lists WHERE owner = ? AND name = ? AND until <= ?", (*whose, now)
            )
            (last,) = connection.execute(
                "SELECT coalesce(max(place), 0) FROM lists WHERE owner = ? AND name = ?", whose
            ).fetchone()
            connection.execute(
                "INSERT INTO lists (owner, name, place, value, until) VALUES (?, ?, ?, ?, ?)",
                (*whose, last + 1, value, until),
            )
            connection.execute(
                "DELETE FROM lists WHERE owner = ? AND name = ? AND place <= ?",
                (*whose, last + 1 - keep),
            )
            connection.execute(
                "UPDATE lists SET until = ? WHERE owner = ? AND name = ?", (until, *whose)
            )

    def recent(self, owner: str, name: str) -> list[bytes]:
        """See `OnlineState.recent`."""
        found = self._read(
            "SELECT value FROM lists WHERE owner = ? AND name = ? AND until > ? ORDER BY place",
            (owner, name, self._clock()),
        )
        return [value for (value,) in found]

    def forget(self, owner: str) -> int:
        """See `OnlineState.forget`; the file's log is emptied too."""
        now, names = self._clock(), 0
        with self._writing() as connection:
            for table in _TABLES:
                (n,) = connection.execute(
                    f"SELECT count(DISTINCT name) FROM {table} WHERE owner = ? AND until > ?",
                    (owner, now),
                ).fetchone()
                connection.execute(f"DELETE FROM {table} WHERE owner = ?", (owner,))
                names += n
        self._read("PRAGMA wal_checkpoint(TRUNCATE)", ())
        return names

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._connection.close()

    def _read(self, sql: str, values: tuple[str | int, ...]) -> list[tuple[bytes]]:
        with self._translated(), self._lock:
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection]:
        """One transaction that no other process interrupts."""
        with self._translated(), self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._sweep()
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    def _sweep(self) -> None:
        self._writes += 1
        if self._writes % _SWEEP == 0:
            for table in _TABLES:
                self._connection.execute(f"DELETE FROM {table} WHERE until <= ?", (self._clock(),))

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            said = str(error).lower()
            if "locked" in said or "busy" in said:
                raise StoreBusyError(f"{self._path} is locked", hint="try again") from error
            if "full" in said:
                raise StoreFullError(f"{self._path}: no room left", hint="free space") from error
            raise StoreError(
                f"{self._path}: {error}", hint="stop the service and delete the file"
            ) from error


def _until(ttl: float | None, now: int) -> int:
    """When something expires, in milliseconds since the epoch."""
    return _NEVER if ttl is None else now + max(1, round(ttl * 1000))
