"""Statements that are asked with every slate, on plain connections.

Around a SELECT of one user's row SQLAlchemy's own part takes ten times as long as SQLite's:
what every slate asks goes past it. The file, its settings and its locks are the same.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakSet


class _Plain(sqlite3.Connection):
    """A connection that can be referred to weakly: it goes with the thread that opened it."""


class QuickConnections:
    """A connection for each thread that asks, opened when it first does.

    Args:
        connect: Opens one; given the class that it is to have. Each statement stands for
            itself: connections commit on their own (``isolation_level=None``).
    """

    def __init__(self, connect: Callable[[type[sqlite3.Connection]], sqlite3.Connection]) -> None:
        self._connect = connect
        self._local = threading.local()
        self._open: WeakSet[sqlite3.Connection] = WeakSet()
        self._lock = threading.Lock()

    def fetch(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows of a SELECT, read to the end: nothing stays open."""
        return self._mine().execute(sql, values).fetchall()

    def execute(self, sql: str, values: Sequence[Any]) -> int:
        """One statement in a transaction of its own; how many rows it added or changed."""
        return self._mine().execute(sql, values).rowcount

    def close(self) -> None:
        """Closes the connections of all threads; who asks again gets a new one."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
            self._local = threading.local()

    def _mine(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._connect(_Plain)
            with self._lock:
                self._open.add(found)
                self._local.connection = found
        return found
