"""Connections to one SQLite file: SQLAlchemy for statements, ADBC for bulk Arrow.

The write-ahead log lets readers work while one writer writes. ``synchronous = FULL``: what
was acknowledged survives a power cut too, not only the death of the process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import adbc_driver_manager
from adbc_driver_sqlite import dbapi
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from zhiyin.backends.stores.tables import METADATA
from zhiyin.core.errors import StoreBusyError, StoreError, StoreFullError

_BUSY_SECONDS = 30
_CACHE_KIB = 64 * 1024
_BULK_CACHE_KIB = 400 * 1024


class SqliteDatabase:
    """One file, opened (and migrated) for reading and writing.

    Args:
        path: The database file; its folder must exist.
        durable: Whether a commit waits for the disk (``synchronous = FULL``).
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self._synchronous = "FULL" if durable else "NORMAL"
        self.engine = self._create_engine()
        with translated(path):
            self._migrate()

    def close(self) -> None:
        """Closes every pooled connection."""
        self.engine.dispose()

    @contextmanager
    def bulk(self) -> Iterator[Any]:
        """An ADBC cursor in manual transaction mode: ``BEGIN`` and ``COMMIT`` are yours."""
        with translated(self.path), dbapi.connect(str(self.path), autocommit=True) as connection:
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
                cursor.execute(f"PRAGMA synchronous = {self._synchronous}")
                cursor.execute(f"PRAGMA cache_size = -{_BULK_CACHE_KIB}")
                yield cursor

    def _create_engine(self) -> Engine:
        engine = create_engine(
            f"sqlite:///{self.path}", connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False}
        )

        def prepare(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")

        event.listen(engine, "connect", prepare)
        return engine

    def _migrate(self) -> None:
        config = AlembicConfig()
        config.set_main_option("script_location", "zhiyin.backends.stores:migrations")
        with self.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            missing = set(METADATA.tables) - set(connection.dialect.get_table_names(connection))
        if missing:
            raise StoreError(
                f"{self.path} lacks the tables {sorted(missing)}",
                hint="the file is not a Zhiyin store, or was made by a newer version",
            )


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns a driver's complaint into one of ours."""
    try:
        yield
    except (DBAPIError, OperationalError, adbc_driver_manager.Error, sqlite3.Error) as error:
        text = str(error).lower()
        if "full" in text:
            raise StoreFullError(
                f"no room left to write {path}", hint="free some space; nothing was half written"
            ) from error
        if "locked" in text or "busy" in text:
            raise StoreBusyError(
                f"{path} is locked by another process", hint="try again when it has finished"
            ) from error
        if "not a database" in text or "malformed" in text:
            raise StoreError(f"{path} is not a readable SQLite store", hint="restore a backup") from error
        raise StoreError(f"{path}: {error}") from error
