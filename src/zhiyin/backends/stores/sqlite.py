"""The embedded store: one SQLite file holds events, entities and exposures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert_into

from zhiyin.backends.stores.connection import SqliteDatabase, translated
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
from zhiyin.core.protocols import Appended, EntityKind

_BULK_ROWS = 20_000
_SCAN_ROWS = 1_000_000
_EVENT_COLUMNS = list(schema.EVENTS)
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

    def append(self, events: pl.DataFrame) -> Appended:
        """See `EventStore.append`; frames of 20,000 rows and more go through ADBC."""
        rows = self._prepared(events)
        added = self._append_bulk(rows) if rows.height >= _BULK_ROWS else self._append_few(rows)
        return Appended(added, rows.height - added)

    def scan(self, *, after: int = 0, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """See `EventStore.scan`; ``type`` comes back as text, categorical."""
        names = list(columns) if columns is not None else ["seq", *_EVENT_COLUMNS]
        wanted = ", ".join(dict.fromkeys(["seq", *names]))
        while True:
            with self._database.bulk() as cursor:
                cursor.execute(
                    f"SELECT {wanted} FROM events WHERE seq > {int(after)} "  # noqa: S608
                    f"ORDER BY seq LIMIT {_SCAN_ROWS}"
                )
                batch = cursor.fetch_polars()
            if not batch.height:
                return
            after = int(batch["seq"][-1])
            yield self._named(batch).select(names)
            if batch.height < _SCAN_ROWS:
                return

    def history(self, user_key: int, *, limit: int) -> pl.DataFrame:
        """See `EventStore.history`."""
        statement = (
            select(*(EVENTS.c[name] for name in ["seq", *_EVENT_COLUMNS]))
            .where(EVENTS.c.user_key == user_key)
            .order_by(EVENTS.c.seq.desc())
            .limit(limit)
        )
        with translated(self._database.path), self._database.engine.connect() as connection:
            rows = connection.execute(statement).all()
        frame = pl.DataFrame(
            [tuple(row) for row in reversed(rows)],
            schema={"seq": pl.Int64, **schema.EVENTS, "type": pl.Int64},
            orient="row",
        )
        return self._named(frame)

    def delete(self, kind: EntityKind, key: int) -> int:
        """See `EventStore.delete`."""
        column = EVENTS.c.user_key if kind == "user" else EVENTS.c.item_key
        with translated(self._database.path), self._database.engine.begin() as connection:
            return connection.execute(delete(EVENTS).where(column == key)).rowcount

    def count(self) -> int:
        """See `EventStore.count`."""
        with translated(self._database.path), self._database.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(EVENTS)).scalar_one())

    def last_seq(self) -> int:
        """The newest ``seq``, 0 where there is no event."""
        with translated(self._database.path), self._database.engine.connect() as connection:
            return int(connection.execute(select(func.max(EVENTS.c.seq))).scalar_one() or 0)

    def _prepared(self, events: pl.DataFrame) -> pl.DataFrame:
        missing = [name for name in _EVENT_COLUMNS if name not in events.columns]
        frame = events.with_columns(pl.lit(None, schema.EVENTS[name]).alias(name) for name in missing)
        codes = self._codes_for(frame["type"].unique().drop_nulls().cast(pl.String).to_list())
        return frame.select(_EVENT_COLUMNS).with_columns(
            pl.col("type").cast(pl.String).replace_strict(codes, return_dtype=pl.Int64)
        )

    def _append_few(self, rows: pl.DataFrame) -> int:
        statement = upsert_into(EVENTS).on_conflict_do_nothing(index_elements=["event_key"])
        added = 0
        with translated(self._database.path), self._database.engine.begin() as connection:
            for row in rows.iter_rows(named=True):
                added += connection.execute(statement, row).rowcount
        return added

    def _append_bulk(self, rows: pl.DataFrame) -> int:
        """Inserts through Arrow; into a table that is smaller than the load, index afterwards."""
        names = ", ".join(rows.columns)
        marks = ", ".join("?" * len(rows.columns))
        with self._database.bulk() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                cursor.execute("SELECT count(*) AS n FROM events")
                before = int(cursor.fetch_polars()["n"][0])
                rebuild = rows.height > before
                if rebuild:
                    rows = _unseen(cursor, rows)
                    cursor.execute(f"DROP INDEX {EVENT_IDENTITY.name}")
                    cursor.execute(f"DROP INDEX {EVENTS_OF_USER.name}")
                cursor.executemany(
                    f"INSERT OR IGNORE INTO events ({names}) VALUES ({marks})",  # noqa: S608
                    rows,
                )
                if rebuild:
                    cursor.execute(f"CREATE UNIQUE INDEX {EVENT_IDENTITY.name} ON events (event_key)")
                    cursor.execute(f"CREATE INDEX {EVENTS_OF_USER.name} ON events (user_key, seq)")
                cursor.execute("SELECT count(*) AS n FROM events")
                after = int(cursor.fetch_polars()["n"][0])
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")
        return after - before

    def _codes_for(self, names: Sequence[str]) -> dict[str, int]:
        unknown = [name for name in names if name not in self._codes]
        if unknown:
            with translated(self._database.path), self._database.engine.begin() as connection:
                taken = connection.execute(select(func.max(EVENT_TYPES.c.code))).scalar_one()
                present = set(connection.execute(select(EVENT_TYPES.c.name)).scalars())
                fresh = [name for name in sorted(unknown) if name not in present]
                for code, name in enumerate(fresh, start=0 if taken is None else taken + 1):
                    connection.execute(insert(EVENT_TYPES).values(code=code, name=name))
            self._load_codes()
        return self._codes

    def _load_codes(self) -> None:
        with translated(self._database.path), self._database.engine.connect() as connection:
            rows = connection.execute(select(EVENT_TYPES.c.name, EVENT_TYPES.c.code)).all()
        self._codes = {name: code for name, code in rows}

    def _named(self, frame: pl.DataFrame) -> pl.DataFrame:
        if "type" not in frame.columns:
            return frame
        if not set(frame["type"].unique()) <= set(self._codes.values()):
            self._load_codes()
        names = {code: name for name, code in self._codes.items()}
        return frame.with_columns(
            pl.col("type").replace_strict(names, return_dtype=pl.String).cast(pl.Categorical)
        )


class SqliteEntityStore:
    """Users, items and the ties between users, in SQLite."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def upsert(self, kind: EntityKind, rows: pl.DataFrame) -> int:
        """See `EntityStore.upsert`."""
        table = _TABLE_OF[kind].name
        frame = rows.select(list(schema.ENTITIES))
        with self._database.bulk() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                cursor.executemany(
                    f"INSERT INTO {table} (key, id, attributes) VALUES (?, ?, ?) "  # noqa: S608
                    "ON CONFLICT (key) DO UPDATE SET attributes = excluded.attributes "
                    "WHERE excluded.attributes IS NOT NULL",
                    frame,
                )
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")
        return frame.height

    def get(self, kind: EntityKind, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """See `EntityStore.get`."""
        table = _TABLE_OF[kind]
        found: dict[str, Mapping[str, Any]] = {}
        with translated(self._database.path), self._database.engine.connect() as connection:
            for start in range(0, len(ids), 500):
                keys = [id_key(i) for i in ids[start : start + 500]]
                rows = connection.execute(
                    select(table.c.id, table.c.attributes).where(table.c.key.in_(keys))
                )
                for entity_id, attributes in rows:
                    found[entity_id] = json.loads(attributes) if attributes else {}
        return found

    def scan(self, kind: EntityKind, *, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """See `EntityStore.scan`; ordered by key."""
        names = ", ".join(columns if columns is not None else schema.ENTITIES)
        with self._database.bulk() as cursor:
            cursor.execute(f"SELECT {names} FROM {_TABLE_OF[kind].name} ORDER BY key")  # noqa: S608
            frame: pl.DataFrame = cursor.fetch_polars()
        return frame.cast({name: schema.ENTITIES[name] for name in frame.columns})

    def delete(self, kind: EntityKind, entity_id: str) -> bool:
        """See `EntityStore.delete`."""
        table = _TABLE_OF[kind]
        with translated(self._database.path), self._database.engine.begin() as connection:
            result = connection.execute(delete(table).where(table.c.key == id_key(entity_id)))
        return result.rowcount > 0

    def add_edges(self, edges: pl.DataFrame) -> int:
        """Adds or overwrites ties between users (columns of ``schema.EDGES``)."""
        frame = edges.select(list(schema.EDGES))
        with self._database.bulk() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                cursor.executemany(
                    "INSERT OR REPLACE INTO edges (source_key, target_key, kind, weight, timestamp) "
                    "VALUES (?, ?, ?, ?, ?)",
                    frame,
                )
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")
        return frame.height

    def edges(self) -> pl.DataFrame:
        """Every tie between users."""
        with self._database.bulk() as cursor:
            cursor.execute(f"SELECT * FROM {EDGES.name}")  # noqa: S608
            frame: pl.DataFrame = cursor.fetch_polars()
        return frame.cast(dict(schema.EDGES))


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
        with translated(self.database.path), self.database.engine.begin() as connection:
            connection.execute(self._statement, row)

    def find(self, slate_id: str) -> Mapping[str, Any] | None:
        """See `ExposureLog.find`."""
        statement = select(EXPOSURES.c.body).where(EXPOSURES.c.slate_id == slate_id)
        with translated(self.database.path), self.database.engine.connect() as connection:
            body = connection.execute(statement).scalar_one_or_none()
        return None if body is None else json.loads(body)

    def count(self) -> int:
        """See `ExposureLog.count`."""
        with translated(self.database.path), self.database.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(EXPOSURES)).scalar_one())


def _unseen(cursor: Any, rows: pl.DataFrame) -> pl.DataFrame:  # noqa: ANN401 - an ADBC cursor
    """The first row of each key that the table does not hold yet."""
    cursor.execute("SELECT event_key FROM events")
    present: pl.DataFrame = cursor.fetch_polars()
    _, first = np.unique(rows["event_key"].to_numpy(), return_index=True)
    if len(first) < rows.height:
        rows = rows[np.sort(first)]
    if present.height:
        rows = rows.join(present, on="event_key", how="anti", maintain_order="left")
    return rows
