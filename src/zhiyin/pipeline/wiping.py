"""Rows wiped out of the small SQLite files beside the store: conversations, remembered answers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from zhiyin.core.errors import StoreBusyError, StoreError

_PATIENCE_S = 10.0


def wipe(path: Path, table: str, where: str = "1", values: tuple[Any, ...] = ()) -> int:
    """Deletes rows so that no copy of them is left in the file, nor in its log.

    The file is written anew, for pages that were split keep copies that overwriting deleted rows
    does not reach.

    Args:
        path: The file; where it is absent there is nothing to do.
        table: The table; where it is absent there is nothing to do.
        where: Which rows, as SQL; every row where it is left out.
        values: What stands in it for question marks.

    Returns:
        How many rows went.

    Raises:
        StoreError: The file cannot be written, or somebody reads it without end.
    """
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)) as file:
            known = file.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,))
            if known.fetchone() is None:
                return 0
            file.execute("PRAGMA secure_delete = ON")
            gone = file.execute(f"DELETE FROM {table} WHERE {where}", values).rowcount
            file.execute("VACUUM")
            if file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise StoreBusyError(
                    f"{path}: what was erased is still in the log, which somebody is reading",
                    hint="erase again when the reading has ended",
                )
            return gone
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be written: {error}", hint="erase again") from error
