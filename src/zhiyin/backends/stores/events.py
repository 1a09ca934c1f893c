"""The event log in SQL: what SQLite and Postgres do alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl
from sqlalchemy import delete, func, select

from zhiyin.backends.stores.database import Database
from zhiyin.backends.stores.tables import EVENT_TYPES, EVENTS
from zhiyin.core import schema
from zhiyin.core.protocols import Appended, EntityKind, PastEvent

STORED = {"seq": pl.Int64, **schema.EVENTS, "type": pl.Int64}
"""Columns as they are stored: types by their codes."""
_SCAN_ROWS = 5_000_000
_FEW = 1000
_EVENT_COLUMNS = list(schema.EVENTS)
_HISTORY = (
    "SELECT seq, item_key, type, timestamp, position, value{words} FROM events "
    "WHERE user_key = ? AND seq > ? ORDER BY seq DESC LIMIT ?"
)
LAST = (
    "SELECT max(seq) FROM (SELECT max(seq) AS seq FROM events "
    "UNION ALL SELECT last FROM event_sequence) AS highest"
)
REMEMBER_LAST = f"UPDATE event_sequence SET last = ({LAST})"
"""First in a transaction that erases events, so that no number is given out twice."""


class SqlEventStore(ABC):
    """The event log; how events and types of events are added is the database's own affair."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._codes: dict[str, int] = {}
        self._names: dict[int, str] = {}

    @abstractmethod
    def append(self, events: pl.DataFrame) -> Appended:
        """See `EventStore.append`."""

    @abstractmethod
    def _codes_for(self, names: Sequence[str]) -> Mapping[str, int]:
        """The code of each type; types that nobody has seen get one."""

    def scan(
        self,
        *,
        after: int = 0,
        columns: Sequence[str] | None = None,
        user_key: int | None = None,
    ) -> Iterator[pl.DataFrame]:
        """See `EventStore.scan`; ``type`` comes back as text, categorical."""
        names = list(columns) if columns is not None else ["seq", *_EVENT_COLUMNS]
        types = {name: STORED[name] for name in dict.fromkeys(["seq", *names])}
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
        rows = self._database.fetch(sql, (user_key, after, limit))
        if any(row[2] not in self._names for row in rows):
            self._load_codes()
        names = self._names
        return [PastEvent(row[0], row[1], names[row[2]], *row[3:]) for row in reversed(rows)]

    def delete(self, kind: EntityKind, key: int) -> int:
        """See `EventStore.delete`."""
        column = EVENTS.c.user_key if kind == "user" else EVENTS.c.item_key
        with self._database.writing() as connection:
            connection.exec_driver_sql(REMEMBER_LAST)
            return connection.execute(delete(EVENTS).where(column == key)).rowcount

    def count(self) -> int:
        """See `EventStore.count`."""
        with self._database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(EVENTS)).scalar_one())

    def last_seq(self) -> int:
        """See `EventStore.last_seq`."""
        with self._database.reading() as connection:
            return int(connection.exec_driver_sql(LAST).scalar_one())

    def _prepared(self, events: pl.DataFrame) -> pl.DataFrame:
        """The columns that are there, with the types' codes."""
        if events.height < _FEW:
            # A frame of few rows costs more in expressions than in rows.
            types: list[str | None] = events["type"].to_list()
            codes = self._codes_for([name for name in set(types) if name is not None])
            coded = pl.Series([None if t is None else codes[t] for t in types], dtype=pl.Int64)
        else:
            names = events["type"].unique().drop_nulls().cast(pl.String).to_list()
            coded = _encoded(events["type"], self._codes_for(names))
        present = [name for name in _EVENT_COLUMNS if name in events.columns]
        parts = {name: events[name] if name != "type" else coded for name in present}
        return pl.DataFrame(parts)

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
