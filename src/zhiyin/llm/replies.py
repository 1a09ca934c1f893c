"""Answers remembered between runs, by question and by who was asked."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from threading import Lock

from pydantic import Field

from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.config import Config
from zhiyin.core.errors import StoreError
from zhiyin.core.write_ahead import write_ahead

_DAY_MS = 86_400_000
_OVERHEAD = 64
"""Bytes of a row beside its text, about."""
_TABLE = """CREATE TABLE IF NOT EXISTS answers (
    key BLOB PRIMARY KEY, text TEXT NOT NULL, at INTEGER NOT NULL, size INTEGER NOT NULL)"""


class CacheConfig(Config):
    """How answers are remembered."""

    days: float = Field(default=30.0, ge=0)
    """An answer is forgotten after so many days; 0 remembers none."""
    megabytes: float = Field(default=64.0, gt=0)
    """Size of the answers together at most; the oldest go first."""


class ReplyCache:
    """Answers in one SQLite file, which threads and processes may share.

    Args:
        path: The file; made where absent. Deleting it is always safe.
        config: For how long, and how many.
        clock: Tells the time.
    """

    def __init__(
        self, path: Path, config: CacheConfig | None = None, *, clock: Clock = system_clock
    ) -> None:
        self.config = config or CacheConfig()
        self._path = path
        self._clock = clock
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=30, check_same_thread=False)
            write_ahead(self._connection)
            self._connection.execute("PRAGMA synchronous=NORMAL")
            with self._connection:
                self._connection.execute(_TABLE)
                self._connection.execute("CREATE INDEX IF NOT EXISTS by_age ON answers (at, size)")
        except (sqlite3.Error, OSError) as error:
            raise self._broken(error) from error

    def get(self, key: bytes) -> str | None:
        """The answer remembered for a question, or None.

        Raises:
            StoreError: The file cannot be used.
        """
        query = "SELECT text FROM answers WHERE key = ? AND at > ?"
        try:
            with self._lock:
                row = self._connection.execute(query, [key, self._oldest()]).fetchone()
        except sqlite3.Error as error:
            raise self._broken(error) from error
        return None if row is None else str(row[0])

    def put(self, key: bytes, text: str) -> None:
        """Remembers an answer, and forgets what is too old or too much.

        Raises:
            StoreError: The file cannot be used.
        """
        size = len(text.encode("utf-8", "replace")) + _OVERHEAD
        limit = int(self.config.megabytes * 1e6)
        if not self.config.days or size > limit:
            return
        row = [key, text.encode("utf-8", "replace").decode(), self._clock(), size]
        try:
            with self._lock, self._connection:
                self._connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", row)
                self._connection.execute("DELETE FROM answers WHERE at <= ?", [self._oldest()])
                self._shrink(limit)
        except sqlite3.Error as error:
            raise self._broken(error) from error

    @property
    def size(self) -> int:
        """Bytes remembered, about."""
        with self._lock:
            return self._total()

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._connection.close()

    def _oldest(self) -> int:
        return self._clock() - int(self.config.days * _DAY_MS)

    def _total(self) -> int:
        return int(
            self._connection.execute("SELECT coalesce(sum(size), 0) FROM answers").fetchone()[0]
        )

    def _shrink(self, limit: int) -> None:
        """A tenth more than needed goes, so that it is not needed each time."""
        over = self._total() - limit
        if over <= 0:
            return
        gone = 0
        keys: list[tuple[bytes]] = []
        for key, size in self._connection.execute("SELECT key, size FROM answers ORDER BY at, key"):
            if gone >= over + limit // 10:
                break
            keys.append((key,))
            gone += size
        self._connection.executemany("DELETE FROM answers WHERE key = ?", keys)

    def _broken(self, error: Exception) -> StoreError:
        return StoreError(
            f"the cache of answers {self._path} cannot be used: {error}",
            hint="check that its folder is writable and its disk not full; "
            "the file may be deleted at any time",
        )
