"""The embedded store: one SQLite file holds events, entities and exposures."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Table, delete, func, insert, select

from zhiyin.backends.stores.connection import BULK_ROWS, BulkTransaction, SqliteDatabase
from zhiyin.backends.stores.loading import (
    FREE_PLACE,
    HOLD_PLACE,
    INSERT_NEW,
    EventKeys,
    EventLoad,
    statement,
)
from zhiyin.backends.stores.profiles import SqliteEnrichmentStore, SqliteProfileStore
from zhiyin.backends.stores.tables import (
    EDGES,
    EVENT_TYPES,
    EVENTS,
    EXPOSURES,
    ITEMS,
    USERS,
)
from zhiyin.core import schema
from zhiyin.core.keys import id_key
from zhiyin.core.protocols import Appended, EntityKind, PastEvent

STORE_FILE = "zhiyin.db"
"""Name of the database in a workspace's folder."""
_KEYS_PER_QUERY = 500
_SCAN_ROWS = 5_000_000
_EVENT_COLUMNS = list(schema.EVENTS)
_STORED = {"seq": pl.Int64, **schema.EVENTS, "type": pl.Int64}
_HISTORY = (
    "SELECT seq, item_key, type, timestamp, position, value{words} FROM events "
    "WHERE user_key = ? AND seq > ? ORDER BY seq DESC LIMIT ?"
)
_LAST = "SELECT max(coalesce((SELECT max(seq) FROM events), 0), (SELECT last FROM event_sequence))"
_REMEMBER_LAST = f"UPDATE event_sequence SET last = ({_LAST})"
_NEW_TYPE = (
    "INSERT INTO event_types (code, name) SELECT coalesce(max(code), -1) + 1, ? FROM event_types "
    "WHERE true ON CONFLICT (name) DO NOTHING"
)
_NEW_TYPE_CODED = "INSERT INTO event_types (code, name) VALUES (?, ?)"
_NEW_TIE = (
    "INSERT INTO edges (source_key, target_key, kind, weight, timestamp) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (source_key, target_key, kind) "
    "DO UPDATE SET weight = excluded.weight, timestamp = excluded.timestamp "
    "WHERE weight IS NOT excluded.weight OR timestamp IS NOT excluded.timestamp"
)
_TABLE_OF = {"user": USERS, "item": ITEMS}


class SqliteStore:
    """Every store of the protocols, over one file.

    Args:
        path: The database file, created where absent.
    """

    def __init__(self, path: Path) -> None:
        self.database = SqliteDatabase(path)
        self.events = SqliteEventStore(self.database)
        self.entities = SqliteEntityStore(self.database)
        self.edges = self.entities
        self.profiles = SqliteProfileStore(self.database)
        self.enrichments = SqliteEnrichmentStore(self.database)
        self.exposures = SqliteExposureLog(SqliteDatabase(path, durable=False))

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

    def close(self) -> None:
        """Closes the file."""
        self.database.close()
        self.exposures.database.close()


def open_sqlite(folder: Path) -> SqliteStore:
    """The store of a folder, under its usual name."""
    return SqliteStore(folder / STORE_FILE)


class SqliteEventStore:
    """The event log in SQLite."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._codes: dict[str, int] = {}
        self._names: dict[int, str] = {}

    def append(self, events: pl.DataFrame) -> Appended:
        """See `EventStore.append`."""
        database = self._database
        if database.current is None and events.height >= BULK_ROWS:
            with database.transaction(events.height):
                return self.append(events)
        rows = self._prepared(events)
        if database.current is None:
            added = self._add_few(rows)
        else:
            added = self._load(database.current).add(rows)
        return Appended(added, rows.height - added)

    def scan(
        self,
        *,
        after: int = 0,
        columns: Sequence[str] | None = None,
        user_key: int | None = None,
    ) -> Iterator[pl.DataFrame]:
        """See `EventStore.scan`; ``type`` comes back as text, categorical."""
        names = list(columns) if columns is not None else ["seq", *_EVENT_COLUMNS]
        types = {name: _STORED[name] for name in dict.fromkeys(["seq", *names])}
        last = self.last_seq()
        whose = "" if user_key is None else f"user_key = {int(user_key)} AND "
        while after < last:
            sql = (
                f"SELECT {', '.join(types)} FROM events WHERE {whose}seq > {int(after)} "
                f"ORDER BY seq LIMIT {_SCAN_ROWS}"
            )
            batch = self._database.query(sql, types, rows=0 if whose else last - after)
            if not batch.height:
                return
            after = int(batch["seq"][-1])
            yield self._named(batch).select(names)

    def history(
        self, user_key: int, *, limit: int, after: int = 0, words: bool = False
    ) -> list[PastEvent]:
        """See `EventStore.history`."""
        sql = _HISTORY.format(words=", text, query" if words else "")
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(sql, (user_key, after, limit)).fetchall()
        if any(row[2] not in self._names for row in rows):
            self._load_codes()
        names = self._names
        return [PastEvent(row[0], row[1], names[row[2]], *row[3:]) for row in reversed(rows)]

    def delete(self, kind: EntityKind, key: int) -> int:
        """See `EventStore.delete`."""
        column = EVENTS.c.user_key if kind == "user" else EVENTS.c.item_key
        with self._database.writing() as connection:
            connection.exec_driver_sql(_REMEMBER_LAST)
            return connection.execute(delete(EVENTS).where(column == key)).rowcount

    def count(self) -> int:
        """See `EventStore.count`."""
        with self._database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(EVENTS)).scalar_one())

    def last_seq(self) -> int:
        """See `EventStore.last_seq`."""
        with self._database.reading() as connection:
            return int(connection.exec_driver_sql(_LAST).scalar_one())

    def _prepared(self, events: pl.DataFrame) -> pl.DataFrame:
        """The columns that are there, with the types' codes."""
        names = events["type"].unique().drop_nulls().cast(pl.String).to_list()
        present = [name for name in _EVENT_COLUMNS if name in events.columns]
        coded = _encoded(events["type"], self._codes_for(names))
        return events.select(present).with_columns(coded.alias("type"))

    def _add_few(self, rows: pl.DataFrame) -> int:
        if not rows.height:
            return 0
        with self._database.writing() as connection:
            connection.exec_driver_sql(HOLD_PLACE)
            added = connection.exec_driver_sql(statement(INSERT_NEW, rows), rows.rows()).rowcount
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
        frame = self._database.query(sql, {"event_key": pl.Int64}, rows=self.count())
        return frame["event_key"].to_numpy()

    def _codes_for(self, names: Sequence[str]) -> dict[str, int]:
        """The code of each type; types that nobody has seen get one."""
        if not self._codes.keys() >= set(names):
            self._load_codes()
        transaction = self._database.current
        added: dict[str, int] = (
            {} if transaction is None else transaction.loads.setdefault("types", {})
        )
        codes = self._codes | added
        unknown = sorted(set(names) - codes.keys())
        if not unknown:
            return codes
        if transaction is None:
            self._database.load(_NEW_TYPE, pl.DataFrame({"name": unknown}))
            self._load_codes()
            return self._codes
        first = max(codes.values(), default=-1) + 1
        added |= {name: first + i for i, name in enumerate(unknown)}
        rows = pl.DataFrame({"code": [added[name] for name in unknown], "name": unknown})
        transaction.session.insert(_NEW_TYPE_CODED, rows)
        return codes | added

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
        self._database.send(
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

    def page(self, kind: EntityKind, *, after: int | None, limit: int) -> pl.DataFrame:
        """See `EntityStore.page`."""
        beyond = "" if after is None else f"WHERE key > {int(after)} "
        columns = ", ".join(schema.ENTITIES)
        sql = (
            f"SELECT {columns} FROM {_TABLE_OF[kind].name} {beyond}ORDER BY key LIMIT {int(limit)}"
        )
        return self._database.query(sql, schema.ENTITIES, rows=limit)

    def delete(self, kind: EntityKind, entity_id: str) -> bool:
        """See `EntityStore.delete`."""
        table = _TABLE_OF[kind]
        with self._database.writing() as connection:
            result = connection.execute(delete(table).where(table.c.key == id_key(entity_id)))
        return result.rowcount > 0

    def add_edges(self, edges: pl.DataFrame) -> int:
        """See `EdgeStore.add_edges`."""
        return self._database.load(_NEW_TIE, edges.select(list(schema.EDGES)))

    def edges(self) -> pl.DataFrame:
        """See `EdgeStore.edges`."""
        sql = f"SELECT {', '.join(schema.EDGES)} FROM {EDGES.name} ORDER BY source_key, target_key"
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

    def of_user(self, user_key: int) -> list[Mapping[str, Any]]:
        """See `ExposureLog.of_user`."""
        statement = select(EXPOSURES.c.body).where(EXPOSURES.c.user_key == user_key)
        with self.database.reading() as connection:
            bodies = connection.execute(statement.order_by(EXPOSURES.c.seq)).scalars().all()
        return [json.loads(body) for body in bodies]

    def count(self) -> int:
        """See `ExposureLog.count`."""
        with self.database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(EXPOSURES)).scalar_one())


def _encoded(types: pl.Series, codes: Mapping[str, int]) -> pl.Series:
    """The code of each type; each distinct one is looked up once."""
    if not isinstance(types.dtype, pl.Categorical):
        return types.cast(pl.String).replace_strict(codes, return_dtype=pl.Int64)
    distinct = types.unique().drop_nulls()
    physical = distinct.to_physical()
    names = distinct.cast(pl.String).to_list()
    table = np.zeros(int(physical.max() or 0) + 1, dtype=np.int64)  # type: ignore[arg-type]
    table[physical.to_numpy()] = [codes[name] for name in names]
    encoded = pl.Series(table[types.to_physical().fill_null(0).to_numpy()])
    return encoded.set(types.is_null(), None) if types.null_count() else encoded
