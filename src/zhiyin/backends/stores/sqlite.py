"""The embedded store: one SQLite file holds events, entities and exposures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Table, delete, func, insert, select

from zhiyin.backends.stores.connection import BULK_ROWS, SqliteDatabase
from zhiyin.backends.stores.tables import (
    EDGES,
    EVENT_IDENTITY,
    EVENT_TYPES,
    EVENTS,
    EVENTS_OF_USER,
    EXPOSURES,
    ITEMS,
    USERS,
)
from zhiyin.core import schema
from zhiyin.core.keys import id_key
from zhiyin.core.protocols import Appended, EntityKind, PastEvent

_KEYS_PER_QUERY = 500
_SCAN_ROWS = 5_000_000
_EVENT_COLUMNS = list(schema.EVENTS)
_STORED = {"seq": pl.Int64, **schema.EVENTS, "type": pl.Int64}
_HISTORY = (
    "SELECT seq, item_key, type, timestamp, position, value FROM events "
    "WHERE user_key = ? AND seq > ? ORDER BY seq DESC LIMIT ?"
)
_TABLE_OF = {"user": USERS, "item": ITEMS}


class SqliteStore:
    """`EventStore`, `EntityStore` and `ExposureLog` over one file.

    Args:
        path: The database file, created where absent.
    """

    def __init__(self, path: Path) -> None:
        self.database = SqliteDatabase(path)
        self.events = SqliteEventStore(self.database)
        self.entities = SqliteEntityStore(self.database)
        self.exposures = SqliteExposureLog(SqliteDatabase(path, durable=False))

    def close(self) -> None:
        """Closes the file."""
        self.database.close()
        self.exposures.database.close()


class SqliteEventStore:
    """The event log in SQLite."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._codes: dict[str, int] = {}
        self._names: dict[int, str] = {}

    def append(self, events: pl.DataFrame) -> Appended:
        """See `EventStore.append`."""
        rows = self._prepared(events)
        added = self._insert(rows)
        return Appended(added, rows.height - added)

    def scan(
        self, *, after: int = 0, columns: Sequence[str] | None = None
    ) -> Iterator[pl.DataFrame]:
        """See `EventStore.scan`; ``type`` comes back as text, categorical."""
        names = list(columns) if columns is not None else ["seq", *_EVENT_COLUMNS]
        types = {name: _STORED[name] for name in dict.fromkeys(["seq", *names])}
        last = self.last_seq()
        while after < last:
            sql = (
                f"SELECT {', '.join(types)} FROM events WHERE seq > {int(after)} "
                f"ORDER BY seq LIMIT {_SCAN_ROWS}"
            )
            batch = self._database.query(sql, types, rows=last - after)
            if not batch.height:
                return
            after = int(batch["seq"][-1])
            yield self._named(batch).select(names)

    def history(self, user_key: int, *, limit: int, after: int = 0) -> list[PastEvent]:
        """See `EventStore.history`."""
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(_HISTORY, (user_key, after, limit)).fetchall()
        if any(row[2] not in self._names for row in rows):
            self._load_codes()
        names = self._names
        return [PastEvent(row[0], row[1], names[row[2]], *row[3:]) for row in reversed(rows)]

    def delete(self, kind: EntityKind, key: int) -> int:
        """See `EventStore.delete`."""
        column = EVENTS.c.user_key if kind == "user" else EVENTS.c.item_key
        with self._database.writing() as connection:
            return connection.execute(delete(EVENTS).where(column == key)).rowcount

    def count(self) -> int:
        """See `EventStore.count`."""
        with self._database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(EVENTS)).scalar_one())

    def last_seq(self) -> int:
        """See `EventStore.last_seq`."""
        with self._database.reading() as connection:
            return int(connection.execute(select(func.max(EVENTS.c.seq))).scalar_one() or 0)

    def _prepared(self, events: pl.DataFrame) -> pl.DataFrame:
        missing = [name for name in _EVENT_COLUMNS if name not in events.columns]
        frame = events.with_columns(
            pl.lit(None, schema.EVENTS[name]).alias(name) for name in missing
        )
        codes = self._codes_for(frame["type"].unique().drop_nulls().cast(pl.String).to_list())
        return frame.select(_EVENT_COLUMNS).with_columns(
            pl.col("type").cast(pl.String).replace_strict(codes, return_dtype=pl.Int64)
        )

    def _insert(self, rows: pl.DataFrame) -> int:
        """Adds rows; into a table that is smaller than a big load, with the indexes made last."""
        names = ", ".join(rows.columns)
        marks = ", ".join("?" * len(rows.columns))
        insert_row = f"INSERT OR IGNORE INTO events ({names}) VALUES ({marks})"
        if rows.height < BULK_ROWS or rows.height <= self.count():
            return self._database.load(insert_row, rows)
        return self._database.load(
            insert_row,
            self._unseen(rows),
            before=[f"DROP INDEX {EVENT_IDENTITY.name}", f"DROP INDEX {EVENTS_OF_USER.name}"],
            after=[
                f"CREATE UNIQUE INDEX {EVENT_IDENTITY.name} ON events (event_key)",
                f"CREATE INDEX {EVENTS_OF_USER.name} ON events (user_key, seq)",
            ],
        )

    def _unseen(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The first row of each key that the table does not hold yet."""
        _, first = np.unique(rows["event_key"].to_numpy(), return_index=True)
        if len(first) < rows.height:
            rows = rows[np.sort(first)]
        sql = "SELECT event_key FROM events"
        present = self._database.query(sql, {"event_key": pl.Int64}, rows=rows.height)
        return rows.join(present, on="event_key", how="anti", maintain_order="left")

    def _codes_for(self, names: Sequence[str]) -> dict[str, int]:
        unknown = [name for name in names if name not in self._codes]
        if unknown:
            with self._database.writing() as connection:
                taken = connection.execute(select(func.max(EVENT_TYPES.c.code))).scalar_one()
                present = set(connection.execute(select(EVENT_TYPES.c.name)).scalars())
                fresh = [name for name in sorted(unknown) if name not in present]
                for code, name in enumerate(fresh, start=0 if taken is None else taken + 1):
                    connection.execute(insert(EVENT_TYPES).values(code=code, name=name))
            self._load_codes()
        return self._codes

    def _load_codes(self) -> None:
        with self._database.reading() as connection:
            rows = connection.execute(select(EVENT_TYPES.c.name, EVENT_TYPES.c.code)).all()
        self._codes = {name: code for name, code in rows}
        self._names = {code: name for name, code in rows}

    def _named(self, frame: pl.DataFrame) -> pl.DataFrame:
        if "type" not in frame.columns:
            return frame
        if not set(frame["type"].unique()) <= self._names.keys():
            self._load_codes()
        return frame.with_columns(
            pl.col("type").replace_strict(self._names, return_dtype=pl.String).cast(pl.Categorical)
        )


class SqliteEntityStore:
    """Users, items and the ties between users, in SQLite."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def upsert(self, kind: EntityKind, rows: pl.DataFrame) -> int:
        """See `EntityStore.upsert`."""
        frame = rows.select(list(schema.ENTITIES))
        self._database.load(
            f"INSERT INTO {_TABLE_OF[kind].name} (key, id, attributes) VALUES (?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET attributes = excluded.attributes "
            "WHERE excluded.attributes IS NOT NULL",
            frame,
        )
        return frame.height

    def get(self, kind: EntityKind, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """See `EntityStore.get`."""
        rows = self._rows(kind, [id_key(i) for i in ids])
        return {entity_id: json.loads(text) if text else {} for _, entity_id, text in rows}

    def ids(self, kind: EntityKind, keys: Sequence[int]) -> dict[int, str]:
        """See `EntityStore.ids`."""
        return {key: entity_id for key, entity_id, _ in self._rows(kind, keys)}

    def _rows(self, kind: EntityKind, keys: Sequence[int]) -> Iterator[tuple[int, str, str | None]]:
        table = _TABLE_OF[kind]
        with self._database.reading() as connection:
            for start in range(0, len(keys), _KEYS_PER_QUERY):
                wanted = table.c.key.in_(keys[start : start + _KEYS_PER_QUERY])
                for row in connection.execute(select(table).where(wanted)):
                    yield row[0], row[1], row[2]

    def scan(self, kind: EntityKind, *, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """See `EntityStore.scan`; ordered by key."""
        types = {name: schema.ENTITIES[name] for name in columns or schema.ENTITIES}
        sql = f"SELECT {', '.join(types)} FROM {_TABLE_OF[kind].name} ORDER BY key"
        return self._database.query(sql, types, rows=self._count(_TABLE_OF[kind]))

    def delete(self, kind: EntityKind, entity_id: str) -> bool:
        """See `EntityStore.delete`."""
        table = _TABLE_OF[kind]
        with self._database.writing() as connection:
            result = connection.execute(delete(table).where(table.c.key == id_key(entity_id)))
        return result.rowcount > 0

    def add_edges(self, edges: pl.DataFrame) -> int:
        """Adds or overwrites ties between users (columns of ``schema.EDGES``)."""
        frame = edges.select(list(schema.EDGES))
        self._database.load(
            "INSERT OR REPLACE INTO edges (source_key, target_key, kind, weight, timestamp) "
            "VALUES (?, ?, ?, ?, ?)",
            frame,
        )
        return frame.height

    def edges(self) -> pl.DataFrame:
        """Every tie between users."""
        sql = f"SELECT {', '.join(schema.EDGES)} FROM {EDGES.name}"
        return self._database.query(sql, schema.EDGES, rows=self._count(EDGES))

    def _count(self, table: Table) -> int:
        with self._database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


class SqliteExposureLog:
    """Slates that were shown, in SQLite."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.database = database
        self._statement = insert(EXPOSURES)

    def record(self, slate: Mapping[str, Any]) -> None:
        """See `ExposureLog.record`."""
        user_id = slate.get("user_id")
        row = {
            "slate_id": slate["slate_id"],
            "created": slate["created"],
            "user_key": None if user_id is None else id_key(user_id),
            "surface": slate["surface"],
            "body": json.dumps(slate, ensure_ascii=False),
        }
        with self.database.writing() as connection:
            connection.execute(self._statement, row)

    def find(self, slate_id: str) -> Mapping[str, Any] | None:
        """See `ExposureLog.find`."""
        statement = select(EXPOSURES.c.body).where(EXPOSURES.c.slate_id == slate_id)
        with self.database.reading() as connection:
            body = connection.execute(statement).scalar_one_or_none()
        return None if body is None else json.loads(body)

    def count(self) -> int:
        """See `ExposureLog.count`."""
        with self.database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(EXPOSURES)).scalar_one())
