"""The embedded store: one SQLite file holds everything."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from zhiyin.backends.stores.connection import (
    BULK_ROWS,
    BulkTransaction,
    SqliteDatabase,
    statement,
)
from zhiyin.backends.stores.database import Insert
from zhiyin.backends.stores.entities import SqlEntityStore
from zhiyin.backends.stores.erasing import erase
from zhiyin.backends.stores.events import SqlEventStore
from zhiyin.backends.stores.exposures import SqlExposureLog
from zhiyin.backends.stores.loading import (
    FREE_PLACE,
    HOLD_PLACE,
    IF_NEW,
    EventKeys,
    EventLoad,
    inserting,
)
from zhiyin.backends.stores.profiles import SqlEnrichmentStore, SqlProfileStore
from zhiyin.core.keys import id_key
from zhiyin.core.protocols import Appended, EntityKind

STORE_FILE = "zhiyin.db"
"""Name of the database in a workspace's folder."""
_NEW_TYPE = (
    "INSERT INTO event_types (code, name) SELECT coalesce(max(code), -1) + 1, ? FROM event_types "
    "WHERE true ON CONFLICT (name) DO NOTHING"
)
_NEW_TYPE_CODED = Insert("event_types", ("code", "name"))


class SqliteStore:
    """Every store of the protocols, over one file.

    Args:
        path: The database file, created where absent.
    """

    def __init__(self, path: Path) -> None:
        self.database = SqliteDatabase(path)
        self.events = SqliteEventStore(self.database)
        self.entities = SqlEntityStore(self.database)
        self.edges = self.entities
        self.profiles = SqlProfileStore(self.database)
        self.enrichments = SqlEnrichmentStore(self.database)
        self._exposures_database = SqliteDatabase(path, durable=False)
        self.exposures = SqlExposureLog(self._exposures_database)

    @contextmanager
    def transaction(self, rows: int) -> Generator[None]:
        """Everything that this thread stores until the end, all or none.

        Args:
            rows: About how many rows will come; few need no transaction of their own.
        """
        if rows < BULK_ROWS:
            yield
            return
        with self.database.transaction(rows):
            yield

    def erase(self, kind: EntityKind, entity_id: str) -> dict[str, int]:
        """Erases a user or an item from everything; no byte of it stays in the file.

        Returns:
            How many rows went, or were rid of it, by table.

        Raises:
            StoreBusyError: It is gone from every answer, but a long read keeps the file from
                being cleaned; erase again.
        """
        counts = erase(self.database, kind, entity_id)
        self.database.scrub(id_key(entity_id).to_bytes(8, "big", signed=True))
        return counts

    def close(self) -> None:
        """Closes the file."""
        self.database.close()
        self._exposures_database.close()


def open_sqlite(folder: Path) -> SqliteStore:
    """The store of a folder, under its usual name."""
    return SqliteStore(folder / STORE_FILE)


class SqliteEventStore(SqlEventStore):
    """The event log in SQLite."""

    def __init__(self, database: SqliteDatabase) -> None:
        super().__init__(database)
        self._file = database

    def append(self, events: pl.DataFrame) -> Appended:
        """See `EventStore.append`."""
        database = self._file
        if database.current is None and events.height >= BULK_ROWS:
            with database.transaction(events.height):
                return self.append(events)
        rows = self._prepared(events)
        if database.current is None:
            added = self._add_few(rows)
        else:
            added = self._load(database.current).add(rows)
        return Appended(added, rows.height - added)

    def _add_few(self, rows: pl.DataFrame) -> int:
        if not rows.height:
            return 0
        with self._file.writing() as connection:
            connection.exec_driver_sql(HOLD_PLACE)
            added = connection.exec_driver_sql(
                statement(inserting(rows, IF_NEW)), rows.rows()
            ).rowcount
            connection.exec_driver_sql(FREE_PLACE)
        return added

    def _load(self, transaction: BulkTransaction) -> EventLoad:
        """What this transaction keeps for events, made with the first of them."""
        load = transaction.loads.get("events")
        if load is None:
            many = transaction.rows > self.count()
            load = EventLoad(transaction.session, self._stored_keys if many else None)
            transaction.loads["events"] = load
            transaction.before_commit.append(load.finish)
        return load

    def _stored_keys(self) -> EventKeys:
        sql = "SELECT event_key FROM events"
        frame = self._file.query(sql, {"event_key": pl.Int64}, rows=self.count())
        return frame["event_key"].to_numpy()

    def _codes_for(self, names: Sequence[str]) -> dict[str, int]:
        """The code of each type; types that nobody has seen get one."""
        if not self._codes.keys() >= set(names):
            self._load_codes()
        transaction = self._file.current
        added: dict[str, int] = (
            {} if transaction is None else transaction.loads.setdefault("types", {})
        )
        codes = self._codes | added
        unknown = sorted(set(names) - codes.keys())
        if not unknown:
            return codes
        if transaction is None:
            with self._file.writing() as connection:
                connection.exec_driver_sql(_NEW_TYPE, [(name,) for name in unknown])
            self._load_codes()
            return self._codes
        first = max(codes.values(), default=-1) + 1
        added |= {name: first + i for i, name in enumerate(unknown)}
        rows = pl.DataFrame({"code": [added[name] for name in unknown], "name": unknown})
        transaction.session.insert(statement(_NEW_TYPE_CODED), rows)
        return codes | added
