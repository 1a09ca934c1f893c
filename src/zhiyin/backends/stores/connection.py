"""Connections to one SQLite file: SQLAlchemy for statements, Arrow in bulk.

The write-ahead log lets readers work while one writer writes. ``synchronous = FULL``: what
was acknowledged survives a power cut too, not only the death of the process.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from zhiyin.backends.stores import bulk
from zhiyin.backends.stores.database import Insert, is_newest, upgrade
from zhiyin.backends.stores.quick import QuickConnections
from zhiyin.core.errors import StoreBusyError, StoreError, StoreFullError
from zhiyin.core.write_ahead import write_ahead

_BUSY_SECONDS = 30
_CACHE_KIB = 64 * 1024
_QUICK_CACHE_KIB = 4 * 1024
"""Pages that a connection for single rows keeps: each thread that answers has one."""
BULK_ROWS = 100_000
"""Frames of this many rows and more travel as Arrow; below, starting a process costs more."""


@dataclass(frozen=True, slots=True, eq=False)
class BulkTransaction:
    """A transaction for many rows, from whichever store over the same file.

    Attributes:
        session: Where rows go.
        rows: About how many rows were announced.
        before_commit: What is still to be done, in the transaction.
        loads: State that stores keep for its duration, by name.
    """

    session: bulk.BulkSession
    rows: int
    before_commit: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    loads: dict[str, Any] = field(default_factory=dict[str, Any])


class SqliteDatabase:
    """One file, opened (and migrated) for reading and writing.

    Args:
        path: The database file; its folder must exist.
        durable: Whether a commit waits for the disk (``synchronous = FULL``).
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self._synchronous = "FULL" if durable else "NORMAL"
        self._local = threading.local()
        self.engine = self._create_engine()
        self._quick = QuickConnections(self._connect)
        with translated(path), self.engine.begin() as connection:
            if not is_newest(connection):
                # The driver begins no transaction before CREATE TABLE: each would stand alone.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                upgrade(connection, where=str(path))

    def close(self) -> None:
        """Closes every connection."""
        self._quick.close()
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """A connection for reading."""
        with translated(self.path), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """A connection in a transaction, committed at the end."""
        with translated(self.path), self.engine.begin() as connection:
            yield connection

    def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """See `Database.fetch`."""
        with translated(self.path):
            return self._quick.fetch(sql, values)

    def execute(self, sql: str, values: Sequence[Any]) -> int:
        """See `Database.execute`."""
        with translated(self.path):
            return self._quick.execute(sql, values)

    @contextmanager
    def transaction(self, rows: int, *, wide_cache: bool = False) -> Generator[BulkTransaction]:
        """One transaction for everything that this thread loads until its end.

        Args:
            rows: About how many rows will come.
            wide_cache: Whether many indexed rows will be looked up.

        Raises:
            StoreError: Something could not be stored; then nothing was.
        """
        if self.current is not None:
            yield self.current
            return
        with translated(self.path):
            opened = BulkTransaction(bulk.BulkSession(self.path, wide_cache=wide_cache), rows)
            self._local.transaction = opened
            try:
                yield opened
                for finish in opened.before_commit:
                    finish()
                opened.session.commit()
            except BaseException:
                opened.session.abort()
                raise
            finally:
                self._local.transaction = None

    @property
    def current(self) -> BulkTransaction | None:
        """The bulk transaction that this thread is in."""
        return getattr(self._local, "transaction", None)

    def load(self, insert: Insert, frame: pl.DataFrame) -> int:
        """See `Database.load`; many rows go as Arrow."""
        sql = statement(insert)
        if self.current is not None:
            return self.current.session.insert_counted(sql, frame)
        if frame.height >= BULK_ROWS:
            with self.transaction(frame.height, wide_cache=True) as opened:
                return opened.session.insert_counted(sql, frame)
        if not frame.height:
            return 0
        with self.writing() as connection:
            return connection.exec_driver_sql(sql, frame.rows()).rowcount

    def send(self, insert: Insert, frame: pl.DataFrame) -> None:
        """See `Database.send`."""
        if self.current is not None:
            self.current.session.insert(statement(insert), frame)
        else:
            self.load(insert, frame)

    def query(
        self, sql: str, columns: Mapping[str, type[pl.DataType]], *, rows: int
    ) -> pl.DataFrame:
        """See `Database.query`."""
        with translated(self.path):
            if rows >= BULK_ROWS:
                with bulk.query(self.path, sql) as frame:
                    return frame.cast({name: kind() for name, kind in columns.items()})
            with self.engine.connect() as connection:
                found = connection.exec_driver_sql(sql).fetchall()
        return pl.DataFrame([tuple(row) for row in found], schema=dict(columns), orient="row")

    def scrub(self, trace: bytes) -> None:
        """Cleans the file of what was erased.

        ``secure_delete`` overwrites what is deleted, but not copies that the splitting of a
        page left behind, nor the log. So the log is written back and emptied, and where the
        trace is still found, the whole file is written anew.

        Args:
            trace: Bytes that stand in every row of what was erased, and nowhere else.

        Raises:
            StoreBusyError: Somebody is reading from the log.
        """
        with translated(self.path), self.engine.connect() as connection:
            plain = connection.execution_options(isolation_level="AUTOCOMMIT")
            self._empty_log(plain)
            if _holds(self.path, trace):
                plain.exec_driver_sql("VACUUM")
                self._empty_log(plain)

    def _empty_log(self, connection: Connection) -> None:
        busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
        if busy:
            raise StoreBusyError(
                f"{self.path}: what was erased is still in the log, which somebody is reading",
                hint="erase again when the reading has ended",
            )

    def _create_engine(self) -> Engine:
        engine = create_engine(
            f"sqlite:///{self.path}",
            connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
        )

        def prepare(connection: sqlite3.Connection, _record: object) -> None:
            self._prepare(connection)

        event.listen(engine, "connect", prepare)
        return engine

    def _connect(self, kind: type[sqlite3.Connection]) -> sqlite3.Connection:
        """A connection of its own, each of whose statements is a transaction."""
        connection = sqlite3.connect(
            self.path,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            factory=kind,
        )
        self._prepare(connection)
        connection.execute(f"PRAGMA cache_size = -{_QUICK_CACHE_KIB}")
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        write_ahead(connection)
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        # What is erased or replaced is overwritten with zeros.
        connection.execute("PRAGMA secure_delete = ON")


def statement(insert: Insert) -> str:
    """An INSERT with ``?`` marks."""
    return (
        f"INSERT INTO {insert.table} ({', '.join(insert.columns)}) "
        f"VALUES ({', '.join('?' * len(insert.columns))}) "
        + insert.conflict.format(differs="IS NOT")
    )


def _holds(path: Path, trace: bytes) -> bool:
    """Whether a file has some bytes."""
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        return content.find(trace) >= 0


@contextmanager
def translated(path: Path) -> Generator[None]:
    """Turns a driver's complaint into one of ours."""
    try:
        yield
    except (DBAPIError, StoreError, sqlite3.Error) as error:
        text = str(error).lower()
        if isinstance(error, StoreError) and error.message.startswith(str(path)):
            raise
        if "full" in text:
            raise StoreFullError(
                f"{path}: no room left on the disk",
                hint="free some space; nothing was half written",
            ) from error
        if "locked" in text or "busy" in text:
            raise StoreBusyError(
                f"{path} is locked by another process", hint="try again when it has finished"
            ) from error
        if "not a database" in text or "malformed" in text:
            raise StoreError(
                f"{path} is not a readable SQLite store", hint="restore a backup"
            ) from error
        raise StoreError(f"{path}: {error}") from error
