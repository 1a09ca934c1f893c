"""Files that several processes open while they are new."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from zhiyin.core.write_ahead import write_ahead


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)


def reading(path: Path) -> sqlite3.Connection:
    """A connection that reads a file without a write-ahead log, and goes on reading."""
    connection = connect(path)
    connection.execute("CREATE TABLE kept (value)")
    connection.execute("BEGIN")
    connection.execute("SELECT * FROM kept").fetchall()
    return connection


def test_sqlite_itself_does_not_wait(tmp_path: Path) -> None:
    """Why this exists: should it ever wait, `write_ahead` can go."""
    other = reading(tmp_path / "x.db")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        connect(tmp_path / "x.db").execute("PRAGMA journal_mode = WAL")
    other.close()


def test_who_reads_is_waited_for(tmp_path: Path) -> None:
    other = reading(tmp_path / "x.db")
    threading.Timer(0.3, lambda: other.execute("COMMIT")).start()
    connection = connect(tmp_path / "x.db")
    write_ahead(connection, within_s=60)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_it_is_not_waited_for_ever(tmp_path: Path) -> None:
    other = reading(tmp_path / "x.db")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        write_ahead(connect(tmp_path / "x.db"), within_s=0.05)
    other.close()


def test_what_is_no_database_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"not a database, and long enough to be looked at " * 9)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        write_ahead(connect(tmp_path / "x.db"), within_s=3600)
