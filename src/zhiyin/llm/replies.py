"""Answers remembered between runs, by question and by who was asked."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from zhiyin.core.errors import StoreError

_SCHEMA = "CREATE TABLE IF NOT EXISTS replies (key BLOB PRIMARY KEY, text TEXT NOT NULL)"


class ReplyCache:
    """Answers in one SQLite file of its own; deleting the file is always safe.

    Args:
        path: The file; made where absent.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        try:
            self._connection = sqlite3.connect(path, timeout=30, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute(_SCHEMA)
        except sqlite3.Error as error:
            raise self._broken(error) from error

    def get(self, key: bytes) -> str | None:
        """The answer remembered for a question, or None."""
        try:
            with self._lock:
                found = self._connection.execute("SELECT text FROM replies WHERE key = ?", (key,))
                row = found.fetchone()
        except sqlite3.Error as error:
            raise self._broken(error) from error
        return None if row is None else str(row[0])

    def put(self, key: bytes, text: str) -> None:
        """Remembers an answer."""
        try:
            with self._lock, self._connection:
                self._connection.execute(
                    "INSERT OR REPLACE INTO replies VALUES (?, ?)", (key, text)
                )
        except sqlite3.Error as error:
            raise self._broken(error) from error

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._connection.close()

    def _broken(self, error: Exception) -> StoreError:
        return StoreError(
            f"the cache of answers {self._path} cannot be used: {error}",
            hint="check that its folder is writable and its disk not full; "
            "the file may be deleted at any time",
        )


def reply_key(*parts: str) -> bytes:
    """Sixteen bytes that stand for a question and who was asked."""
    digest = blake2b(digest_size=16)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "little"))
        digest.update(raw)
    return digest.digest()
