"""SQLite's write-ahead log, where several processes open a new file at once."""

from __future__ import annotations

import sqlite3
import time

_PAUSE_S = 0.01


def write_ahead(connection: sqlite3.Connection, *, within_s: float = 10.0) -> None:
    """Gives a file a write-ahead log, where it has none.

    SQLite waits for no other process where it changes a file's journal, whatever the
    connection's timeout: sqlite.org/c3ref/busy_handler.html promises no waiting where locks
    are raised. So this asks again.

    Raises:
        sqlite3.Error: Others hold the file for longer, or it cannot be used.
    """
    until = time.monotonic() + within_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            time.sleep(_PAUSE_S)
        else:
            return
