"""Bulk Arrow traffic with one SQLite file, in a process of its own.

ADBC brings its own copy of SQLite. Two copies of SQLite that open the same file in one
process undo each other's POSIX locks and corrupt it (sqlite.org/howtocorrupt.html, 2.2.1),
so ADBC is only ever loaded in this child process, where locks work as they should. Frames
travel as Arrow IPC files.

Run as ``python -m zhiyin.backends.stores.bulk``: one JSON request on standard input, one
JSON answer on standard output.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from zhiyin.core.errors import StoreError

_BUSY_MS = 30_000
_CACHE_KIB = 400 * 1024

Request = dict[str, Any]
"""``path``; ``before`` and ``after``: statements around the load, in one transaction;
``insert`` with ``frame``: a statement and the Arrow file whose rows it takes; or ``select``
with ``into``: a query and the Arrow file to write."""


def load(
    path: Path, *, insert: str, frame: pl.DataFrame, before: list[str], after: list[str]
) -> int:
    """Runs an INSERT over every row of a frame, all or none; returns the rows it changed.

    Args:
        path: The database.
        insert: A statement with one ``?`` per column.
        frame: The rows.
        before: Statements run first, in the same transaction.
        after: Statements run last, in the same transaction.

    Raises:
        StoreError: SQLite complained; its words are in the message.
    """
    with tempfile.TemporaryDirectory(prefix="zhiyin-") as folder:
        file = Path(folder) / "rows.arrow"
        frame.write_ipc(file)
        return _run(
            {
                "path": str(path),
                "insert": insert,
                "frame": str(file),
                "before": before,
                "after": after,
            }
        )


@contextmanager
def query(path: Path, sql: str) -> Generator[pl.DataFrame]:
    """The rows of a query, as a frame over a temporary Arrow file."""
    with tempfile.TemporaryDirectory(prefix="zhiyin-") as folder:
        file = Path(folder) / "rows.arrow"
        _run({"path": str(path), "select": sql, "into": str(file)})
        yield pl.read_ipc(file)


def _run(request: Request) -> int:
    child = subprocess.run(
        [sys.executable, "-m", __name__],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
    )
    if child.returncode:
        lines = child.stderr.strip().splitlines()
        raise StoreError(lines[-1] if lines else f"the bulk process ended with {child.returncode}")
    return int(child.stdout)


def main() -> None:
    """Serves one request."""
    from adbc_driver_sqlite import dbapi  # noqa: PLC0415 - only ever in the child process

    request: Request = json.load(sys.stdin)
    connect: Any = dbapi.connect
    with connect(request["path"], autocommit=True) as connection, connection.cursor() as cursor:
        for pragma in (
            f"busy_timeout = {_BUSY_MS}",
            f"cache_size = -{_CACHE_KIB}",
            "synchronous = FULL",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        if "select" in request:
            cursor.execute(request["select"])
            frame = cursor.fetch_polars()
            frame.write_ipc(request["into"])
            changed = frame.height
        else:
            changed = _load(cursor, request)
    sys.stdout.write(str(changed))


def _load(cursor: Any, request: Request) -> int:  # noqa: ANN401 - an ADBC cursor
    cursor.execute("BEGIN IMMEDIATE")
    for statement in request["before"]:
        cursor.execute(statement)
    cursor.executemany(request["insert"], pl.read_ipc(request["frame"]))
    cursor.execute("SELECT total_changes() AS n")
    changed = int(cursor.fetch_polars()["n"][0])
    for statement in request["after"]:
        cursor.execute(statement)
    cursor.execute("COMMIT")
    return changed


if __name__ == "__main__":
    main()
