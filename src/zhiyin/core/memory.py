"""What was costly to get, remembered between runs in a file of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any

from zhiyin.core.errors import StoreError
from zhiyin.core.write_ahead import write_ahead

_AT_A_TIME = 500
"""Keys per query, below the least limit of variables that SQLite was ever built with."""


class Memory:
    """Values by key in one table of one SQLite file, read and written by this class alone.

    Several threads and processes may share the file. A damaged or foreign file is an error
    that says so; deleting the file is always safe.

    Args:
        path: The file; made where absent.
        table: Name of the table, and in messages of what is kept.
    """

    def __init__(self, path: Path, table: str) -> None:
        self._path = path
        self._table = table
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=30, check_same_thread=False)
            write_ahead(self._connection)
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute(
                f"CREATE TABLE IF NOT EXISTS {table} "
                "(key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
            )
        except (sqlite3.Error, OSError) as error:
            raise self._broken(error) from error

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Any]:
        """Those of some keys that are known, with their values."""
        found: dict[bytes, Any] = {}
        try:
            with self._lock:
                for start in range(0, len(keys), _AT_A_TIME):
                    part = keys[start : start + _AT_A_TIME]
                    marks = ",".join("?" * len(part))
                    query = f"SELECT * FROM {self._table} WHERE key IN ({marks})"
                    found.update(self._connection.execute(query, part))
        except sqlite3.Error as error:
            raise self._broken(error) from error
        return found

    def put(self, rows: Iterable[tuple[bytes, bytes | str]]) -> None:
        """Remembers values, all or none."""
        query = f"INSERT OR REPLACE INTO {self._table} VALUES (?, ?)"
        try:
            with self._lock, self._connection:
                self._connection.executemany(query, rows)
        except sqlite3.Error as error:
            raise self._broken(error) from error

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._connection.close()

    def _broken(self, error: Exception) -> StoreError:
        return StoreError(
            f"the cache of {self._table} {self._path} cannot be used: {error}",
            hint="check that its folder is writable and its disk not full; "
            "the file may be deleted at any time",
        )


def memory_key(*parts: str) -> bytes:
    """Sixteen bytes that stand for some texts in their order."""
    digest = blake2b(digest_size=16)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "little"))
        digest.update(raw)
    return digest.digest()
