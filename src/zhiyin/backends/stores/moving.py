"""Moving everything from one SQL store into another, as it is: numbers, order, keys.

Rows go in ranges of their first key column; each range is one transaction. A range that the
target has already is left alone, so a move that was broken off goes on where it was, and a
second one changes nothing. At the end both sides are read once more and compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

import polars as pl
from sqlalchemy import Table, types

from zhiyin.backends.stores.database import Database, Insert
from zhiyin.backends.stores.events import LAST
from zhiyin.backends.stores.tables import (
    EDGES,
    ENRICHMENTS,
    EVENT_TYPES,
    EVENTS,
    EXPOSURES,
    ITEMS,
    PROFILE_EDITS,
    USERS,
)
from zhiyin.core.errors import StoreError
from zhiyin.core.progress import Progress, silent

ROWS_OF: dict[Table, int] = {
    EVENT_TYPES: 10_000,
    USERS: 100_000,
    ITEMS: 50_000,
    EDGES: 100_000,
    PROFILE_EDITS: 50_000,
    ENRICHMENTS: 50_000,
    EVENTS: 200_000,
    EXPOSURES: 10_000,
}
"""Every table, in the order in which it is moved, with rows per range; events after what they
speak of."""
_GROWING = (EVENTS, EXPOSURES)
_FIRST, _LAST = -(2**63), 2**63 - 1


class Holder(Protocol):
    """A store over a database."""

    @property
    def database(self) -> Database:
        """Where its tables are."""
        ...


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one table."""

    rows: int
    """How many rows both sides have."""
    moved: int
    """How many of them this move wrote."""
    hash: str
    """A hash of all values in the order of keys, which both sides have in common."""


def move(source: Holder, target: Holder, *, progress: Progress = silent) -> dict[str, Moved]:
    """Moves everything from a store into another one, which keeps nothing else.

    Args:
        source: Where from; it is only read.
        target: Where to: empty, or what an earlier move of the same source left.
        progress: Told how far it is.

    Returns:
        What became of each table.

    Raises:
        StoreError: The target holds something else, or the source changed meanwhile.
    """
    here, there = source.database, target.database
    if any(_count(there, table) for table in ROWS_OF):
        for table in ROWS_OF:
            _refuse_strangers(here, there, table, progress)
    moved: dict[str, int] = {}
    for table in ROWS_OF:
        n = _count(here, table)
        moved[table.name], done = 0, 0
        for after, upto in _ranges(here, table):
            rows = _rows(here, table, after, upto)
            done += rows.height
            if _digest(rows) != _digest(_rows(there, table, after, upto)):
                moved[table.name] += there.load(_insert(table), rows)
            progress(f"moving {table.name}", done / max(1, n))
    _set_numbers(here, there)
    return {table.name: _checked(here, there, table, moved, progress) for table in ROWS_OF}


def _refuse_strangers(here: Database, there: Database, table: Table, progress: Progress) -> None:
    """Refuses a target with a row that the source does not have."""
    keys = [column.name for column in table.primary_key]
    progress(f"looking at {table.name}", 0.0)
    for after, upto in [*_ranges(there, table)]:
        held = _rows(there, table, after, upto, columns=keys)
        ours = _rows(here, table, after, upto, columns=keys)
        strangers = held.join(ours, on=keys, how="anti").height
        if strangers:
            raise StoreError(
                f"the target has {strangers:,} rows of {table.name} that are not from here",
                hint="move into an empty schema: --schema NAME",
            )


def _checked(
    here: Database, there: Database, table: Table, moved: dict[str, int], progress: Progress
) -> Moved:
    """Compares a table on both sides, count and values."""
    n, found = _count(here, table), _count(there, table)
    ours, theirs, done = blake2b(digest_size=16), blake2b(digest_size=16), 0
    for after, upto in _ranges(here, table):
        rows = _rows(here, table, after, upto)
        ours.update(_digest(rows))
        theirs.update(_digest(_rows(there, table, after, upto)))
        done += rows.height
        progress(f"checking {table.name}", done / max(1, n))
    if n != found or done != n or ours.digest() != theirs.digest():
        raise StoreError(
            f"{table.name} differs after the move: {n:,} rows here, {found:,} there",
            hint="something was written meanwhile: stop what writes here, and move again",
        )
    return Moved(n, moved[table.name], ours.hexdigest())


def _ranges(database: Database, table: Table) -> Iterator[tuple[int, int]]:
    """Ranges (after, upto] of the first key column, of about so many rows each."""
    key, after = next(iter(table.primary_key)).name, _FIRST
    while True:
        sql = (
            f"SELECT {key} AS upto FROM {table.name} WHERE {key} > {after} "
            f"ORDER BY {key} LIMIT 1 OFFSET {ROWS_OF[table] - 1}"
        )
        found = database.query(sql, {"upto": pl.Int64}, rows=1)
        upto = int(found["upto"][0]) if found.height else _LAST
        yield after, upto
        if upto == _LAST:
            return
        after = upto


def _rows(
    database: Database, table: Table, after: int, upto: int, *, columns: list[str] | None = None
) -> pl.DataFrame:
    """The rows of a range in the order of all key columns, which both databases share."""
    schema = {
        column.name: _kind(column.type)
        for column in table.columns
        if columns is None or column.name in columns
    }
    keys = [column.name for column in table.primary_key]
    sql = (
        f"SELECT {', '.join(schema)} FROM {table.name} "
        f"WHERE {keys[0]} > {after} AND {keys[0]} <= {upto}"
    )
    return database.query(sql, schema, rows=ROWS_OF[table]).sort(keys)


def _kind(kind: object) -> type[pl.DataType]:
    if isinstance(kind, types.Text):
        return pl.String
    return pl.Float64 if isinstance(kind, types.Double) else pl.Int64


def _digest(rows: pl.DataFrame) -> bytes:
    """A hash of values and their order; the same for the same rows on the same polars."""
    return blake2b(rows.hash_rows(seed=7).to_numpy().tobytes(), digest_size=16).digest()


def _insert(table: Table) -> Insert:
    """What grows is only added to; the rest follows the source."""
    names = tuple(column.name for column in table.columns)
    keys = tuple(column.name for column in table.primary_key)
    values = [name for name in names if name not in keys]
    follow = ", ".join(f"{name} = excluded.{name}" for name in values)
    action = "NOTHING" if table in _GROWING else f"UPDATE SET {follow}"
    return Insert(table.name, names, f"ON CONFLICT ({', '.join(keys)}) DO {action}", key=keys)


def _set_numbers(here: Database, there: Database) -> None:
    """Lets numbers in the target go on after those of the source, erased ones too."""
    with here.reading() as connection:
        last = int(connection.exec_driver_sql(LAST).scalar_one())
    with there.writing() as connection:
        connection.exec_driver_sql(f"UPDATE event_sequence SET last = {last} WHERE last < {last}")
        if connection.dialect.name == "postgresql":
            for table, highest in ((EVENTS, LAST), (EXPOSURES, "SELECT max(seq) FROM exposures")):
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'seq'), "
                    f"greatest(coalesce(({highest}), 0), 0) + 1, false)"
                )


def _count(database: Database, table: Table) -> int:
    sql = f"SELECT count(*) AS n FROM {table.name}"
    return int(database.query(sql, {"n": pl.Int64}, rows=1)["n"][0])
