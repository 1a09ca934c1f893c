"""Vectors remembered between runs, by what was encoded and by which encoder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from threading import Lock

import numpy as np

from zhiyin.core.errors import StoreError
from zhiyin.core.histories import Floats

_AT_A_TIME = 500
"""Keys per query, below the least limit of variables that SQLite was ever built with."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS encodings (
    key BLOB PRIMARY KEY, vector BLOB NOT NULL
) WITHOUT ROWID
"""


class EncodingCache:
    """Vectors in one SQLite file of its own, read and written by this class alone.

    Several processes may share the file. A damaged or foreign file is an error that
    says so; deleting the file is always safe.

    Args:
        path: The file; made where absent.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=30, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise self._broken(error) from error

    def get(self, keys: Sequence[bytes], *, dim: int) -> dict[bytes, Floats]:
        """The vectors remembered for some keys; those of another length count as unknown."""
        found: dict[bytes, Floats] = {}
        try:
            with self._lock:
                for start in range(0, len(keys), _AT_A_TIME):
                    part = keys[start : start + _AT_A_TIME]
                    marks = ",".join("?" * len(part))
                    query = f"SELECT key, vector FROM encodings WHERE key IN ({marks})"
                    for key, vector in self._connection.execute(query, part):
                        if len(vector) == 4 * dim:
                            found[key] = np.frombuffer(vector, dtype="<f4")
        except sqlite3.Error as error:
            raise self._broken(error) from error
        return found

    def put(self, vectors: Iterable[tuple[bytes, Floats]]) -> None:
        """Remembers vectors, all or none."""
        rows = [(key, vector.astype("<f4").tobytes()) for key, vector in vectors]
        try:
            with self._lock, self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO encodings VALUES (?, ?)", rows)
        except sqlite3.Error as error:
            raise self._broken(error) from error

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._connection.close()

    def _broken(self, error: Exception) -> StoreError:
        return StoreError(
            f"the cache of encodings {self._path} cannot be used: {error}",
            hint="check that its folder is writable and its disk not full; "
            "the file may be deleted at any time",
        )


def encoding_key(encoder_id: str, role: str, text: str) -> bytes:
    """Sixteen bytes that stand for a text under an encoder."""
    digest = blake2b(digest_size=16)
    for part in (encoder_id, role, text):
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "little"))
        digest.update(raw)
    return digest.digest()
