"""The store of a cluster: one Postgres schema holds everything. Needs the extra ``postgres``."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import polars as pl

from zhiyin.backends.stores.database import Insert
from zhiyin.backends.stores.entities import SqlEntityStore
from zhiyin.backends.stores.erasing import erase
from zhiyin.backends.stores.events import SqlEventStore
from zhiyin.backends.stores.exposures import SqlExposureLog
from zhiyin.backends.stores.postgres_connection import MANY, PostgresDatabase
from zhiyin.backends.stores.profiles import SqlEnrichmentStore, SqlProfileStore
from zhiyin.core.protocols import Appended, EntityKind

# Two writers may meet a new type at once: then one of them tries again with the next code.
_NEW_TYPE = (
    "INSERT INTO event_types (code, name) SELECT coalesce(max(code), -1) + 1, %s "
    "FROM event_types ON CONFLICT DO NOTHING"
)


class PostgresStore:
    """Every store of the protocols, over one schema.

    Args:
        url: ``postgresql://USER:PASSWORD@HOST:PORT/DATABASE``.
        schema: The schema that holds the tables, made where absent.

    Raises:
        ConfigError: The address cannot be read.
        StoreError: The server cannot be reached, or the schema is not ours.
    """

    def __init__(self, url: str, *, schema: str = "public") -> None:
        self.database = PostgresDatabase(url, schema=schema)
        self.database.migrate()
        self.events = PostgresEventStore(self.database)
        self.entities = SqlEntityStore(self.database)
        self.edges = self.entities
        self.profiles = SqlProfileStore(self.database)
        self.enrichments = SqlEnrichmentStore(self.database)
        self._exposures_database = PostgresDatabase(url, schema=schema, durable=False, pool=4)
        self.exposures = SqlExposureLog(self._exposures_database)

    @contextmanager
    def transaction(self, rows: int) -> Generator[None]:
        """Everything that this thread stores until the end, all or none.

        Args:
            rows: About how many rows will come; few need no transaction of their own.
        """
        if rows < MANY:
            yield
            return
        with self.database.transaction():
            yield

    def erase(self, kind: EntityKind, entity_id: str) -> dict[str, int]:
        """Erases a user or an item from everything.

        The rows are gone from every answer at once; their bytes leave the server's files with
        its next VACUUM, and its backups when those are deleted.

        Returns:
            How many rows went, or were rid of it, by table.
        """
        return erase(self.database, kind, entity_id)

    def close(self) -> None:
        """Closes every connection."""
        self.database.close()
        self._exposures_database.close()


def open_postgres(url: str, *, schema: str = "public") -> PostgresStore:
    """The store behind an address."""
    return PostgresStore(url, schema=schema)


class PostgresEventStore(SqlEventStore):
    """The event log in Postgres."""

    def __init__(self, database: PostgresDatabase) -> None:
        super().__init__(database)
        self._server = database

    def append(self, events: pl.DataFrame) -> Appended:
        """See `EventStore.append`."""
        rows = self._prepared(events)
        new = Insert("events", tuple(rows.columns), "ON CONFLICT (event_key) DO NOTHING")
        added = self._server.append(new, rows)
        return Appended(added, rows.height - added)

    def _codes_for(self, names: Sequence[str]) -> dict[str, int]:
        """See `SqlEventStore`; a type is stored at once, whatever becomes of its events."""
        while unknown := sorted(set(names) - self._codes.keys()):
            self._load_codes()
            for name in sorted(set(unknown) - self._codes.keys()):
                with self._server.writing() as connection:
                    connection.exec_driver_sql(_NEW_TYPE, (name,))
        return self._codes
