"""Rows of a catalogue, or of a table of users, to entities with JSON attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from zhiyin.core import schema
from zhiyin.data.importing.attributes import (
    as_list,
    as_numbers,
    json_objects,
    looks_numeric,
    separator_of,
)
from zhiyin.data.importing.batches import RawBatch
from zhiyin.data.importing.columns import texts, without_nulls
from zhiyin.data.importing.ids import IdEncoder, as_ids
from zhiyin.data.importing.options import ImportOptions
from zhiyin.data.importing.quarantine import Quarantine
from zhiyin.data.importing.report import Tally

NO_ID = "the id is missing"
_TEXTS = ("title", "text", "brand")
_LISTS = ("categories",)


class EntityBuilder:
    """Turns raw batches of one file into entity frames.

    Args:
        options: How to read.
        tally: Where rows are counted.
        quarantine: Where rejected rows go.
        typed: Whether the file's values have types of their own.
    """

    def __init__(
        self,
        *,
        options: ImportOptions,
        tally: Tally,
        quarantine: Quarantine,
        typed: bool = False,
    ) -> None:
        self._options = options
        self._tally = tally
        self._quarantine = quarantine
        self._typed = typed
        self._ids = IdEncoder(options.null_values, remember=False)
        self._numeric: set[str] | None = None
        self._separators: dict[str, str | None] = {}

    def build(
        self, batch: RawBatch, roles: Mapping[str, str], *, leave_out: Iterable[str] = ()
    ) -> pl.DataFrame:
        """The entities of a batch, in order; an id may come more than once.

        Args:
            batch: Rows of the file.
            roles: The file's column for each role; "id" is one.
            leave_out: Columns that are no attributes.
        """
        column = without_nulls(batch.rows[roles["id"]], self._options.null_values)
        keys, missing = self._ids.encode(column)
        found = pl.Series(~missing)
        if missing.any():
            lost = pl.Series("reason", [NO_ID]).new_from_index(0, int(missing.sum()))
            self._quarantine.add_rows(batch.rows.filter(~found), batch.lines.filter(~found), lost)
            self._tally.reasons[NO_ID] += len(lost)
        ids = as_ids(column).str.strip_chars().filter(found)
        rows = batch.rows.filter(found).drop(leave_out, strict=False)
        attributes = self._attributes(rows, roles)
        columns = {"key": pl.Series(keys[~missing]), "id": ids, "attributes": attributes}
        return pl.DataFrame(columns, schema=schema.ENTITIES)

    def _attributes(self, rows: pl.DataFrame, roles: Mapping[str, str]) -> pl.Series:
        """Everything but the id; columns with a role take its name."""
        named = {column: role for role, column in roles.items()}
        columns: dict[str, pl.Series] = {}
        for column in rows.columns:
            if column == roles["id"]:
                continue
            name = named.get(column, _plain(column))
            while name in columns:
                name += "_2"
            columns[name] = self._values(column, name, rows[column])
        self._settle_numeric(columns)
        for name in (self._numeric or set()) & columns.keys():
            if looks_numeric(columns[name]):
                columns[name] = as_numbers(columns[name])
        objects = json_objects(columns)
        if not columns:
            return pl.Series(["{}"]).new_from_index(0, rows.height)
        return objects.fill_null("{}")

    def _values(self, column: str, name: str, values: pl.Series) -> pl.Series:
        if name in _TEXTS:
            return texts(values)
        clean = without_nulls(values, self._options.null_values)
        if name in _LISTS or column.endswith(":token_seq"):
            if self._separators.get(column) is None:
                self._separators[column] = " " if column.endswith("_seq") else separator_of(clean)
            return as_list(clean, self._separators[column])
        if name == "hidden":
            yes = clean.cast(pl.String).str.to_lowercase().is_in(["true", "1", "yes", "t", "是"])
            return yes.set(clean.is_null(), None)
        return clean

    def _settle_numeric(self, columns: Mapping[str, pl.Series]) -> None:
        """Decides once, from the first rows of a text file, which columns hold numbers."""
        if self._numeric is None and any(len(values) for values in columns.values()):
            self._numeric = (
                set()
                if self._typed
                else {
                    name
                    for name, values in columns.items()
                    if name not in _TEXTS and values.dtype == pl.String and looks_numeric(values)
                }
            )


def _plain(column: str) -> str:
    """A column's name without RecBole's type."""
    name, _, kind = column.partition(":")
    return name if kind in ("token", "token_seq", "float", "float_seq") else column
