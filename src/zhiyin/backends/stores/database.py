"""What a store asks of its database, whichever it is, and how a schema is brought up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl
from sqlalchemy import Connection, inspect

from zhiyin.backends.stores.tables import METADATA
from zhiyin.core.registry import load_path

NEWEST = "0003"
"""The newest of the migrations in `zhiyin.backends.stores.migrations`."""
_VERSION = "alembic_version"


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT of many rows, which each database writes in its own way.

    Attributes:
        table: Into which.
        columns: Which columns the rows have.
        conflict: What follows the rows, such as ON CONFLICT …; in it ``{differs}`` stands for
            the comparison that takes NULL for a value.
        key: The columns that a conflict is about, where the later row replaces the earlier.
        known: A column whose NULL never replaces a value.
    """

    table: str
    columns: tuple[str, ...]
    conflict: str = ""
    key: tuple[str, ...] = ()
    known: str | None = None


class Database(Protocol):
    """One database with the tables of `zhiyin.backends.stores.tables`."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for reading."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """A connection in a transaction, committed at the end."""
        ...

    def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """The rows of a SELECT with ``?`` for values; for what every slate asks."""
        ...

    def execute(self, sql: str, values: Sequence[Any]) -> int:
        """One statement with ``?`` for values, committed; how many rows it added or changed."""
        ...

    def load(self, insert: Insert, frame: pl.DataFrame) -> int:
        """Inserts every row, all or none; returns how many were added or changed."""
        ...

    def send(self, insert: Insert, frame: pl.DataFrame) -> None:
        """`load` without the count, which in a large transaction need not be waited for."""
        ...

    def query(
        self, sql: str, columns: Mapping[str, type[pl.DataType]], *, rows: int
    ) -> pl.DataFrame:
        """The rows of a query as a frame.

        Args:
            sql: The query.
            columns: Names and types of its columns.
            rows: About how many rows will come; many travel as Arrow.
        """
        ...


def is_newest(connection: Connection) -> bool:
    """Whether all tables are there, and up to date; that is seen at a glance."""
    there = set(inspect(connection).get_table_names())
    if not {_VERSION, *METADATA.tables} <= there:
        return False
    version = connection.exec_driver_sql(f"SELECT version_num FROM {_VERSION}")
    return version.scalars().all() == [NEWEST]


def upgrade(connection: Connection, *, where: str) -> None:
    """Makes the tables, or brings them up to date, in a transaction that no other may interrupt.

    Raises:
        StoreError: They were made by a newer version, or are not ours.
    """
    if is_newest(connection):
        return
    load_path("zhiyin.backends.stores.upgrading:migrate")(connection, where=where)
