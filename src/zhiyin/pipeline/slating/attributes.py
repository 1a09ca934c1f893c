"""What the items are, as typed columns in memory, in the order of the engine's vocabulary."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from threading import RLock
from typing import Any, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import EntityStore
from zhiyin.data.attribute_table import column, from_json
from zhiyin.data.vocabulary import Vocabulary

_MOST_CATEGORIES = 256
"""Values of a column that count for diversity, the commonest first."""

Value = str | int | Sequence[str | int] | None
Values = Sequence[Value]


class Looked(Sequence[Value]):
    """A column of some items as plain values, read where it is looked at.

    Args:
        series: The column, a row per item.
        items: Rows of it.
    """

    def __init__(self, series: pl.Series, items: NDArray[np.integer]) -> None:
        self._series, self._items = series, items

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> Value: ...
    @overload
    def __getitem__(self, index: slice) -> Values: ...
    def __getitem__(self, index: int | slice) -> Value | Values:
        if isinstance(index, slice):
            return Looked(self._series, self._items[index])
        found = self._series[int(self._items[index])]
        return found.to_list() if isinstance(found, pl.Series) else found


class Categories:
    """The values of one column, as groups of items.

    Args:
        series: The column, a row per item.
    """

    def __init__(self, series: pl.Series) -> None:
        lists = (
            series if isinstance(series.dtype, pl.List) else series.reshape((-1, 1)).arr.to_list()
        )
        frame = pl.DataFrame({"value": lists.cast(pl.List(pl.String))}).with_row_index("item")
        pairs = frame.explode("value", empty_as_null=True).drop_nulls()
        counts = pairs["value"].value_counts().sort(["count", "value"], descending=[True, False])
        self.names: list[str] = counts["value"].to_list()
        """Values, the commonest first."""
        code = {name: i for i, name in enumerate(self.names)}
        self._items = pairs["item"].to_numpy()
        self._codes = np.array([code[name] for name in pairs["value"].to_list()], dtype=np.int64)
        self._n = len(series)

    @cached_property
    def membership(self) -> Floats:
        """1 where an item has a value, of the commonest ones: float32 of shape (n, groups)."""
        table = np.zeros((self._n, min(len(self.names), _MOST_CATEGORIES)), dtype=np.float32)
        kept = self._codes < table.shape[1]
        table[self._items[kept], self._codes[kept]] = 1
        return table

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """Each item's first value, int64 of shape (n,); -1 where it has none."""
        groups = np.full(self._n, -1, dtype=np.int64)
        groups[self._items[::-1]] = self._codes[::-1]
        return groups

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """Part of the items, among those with a value, that belongs to each group."""
        sizes = np.bincount(self.first[self.first >= 0], minlength=len(self.names))
        return sizes / max(1, int(sizes.sum()))


class ItemTable:
    """The attributes of every item that can be recommended.

    Read from the store when something first asks for them; items that are said to have
    changed are read again, alone, before the next answer. Threads may share it.

    Args:
        entities: Where attributes are kept.
    """

    def __init__(self, entities: EntityStore) -> None:
        self._entities = entities
        self._lock = RLock()
        self._changed: dict[str, None] = {}
        self._vocabulary: Vocabulary | None = None
        self._columns: dict[str, pl.Series] = {}
        self._categories: dict[str, Categories] = {}
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self.version = 0
        """Grows with every change."""

    def notice(self, item_ids: Iterable[str]) -> None:
        """Told of items that were added or changed."""
        with self._lock:
            self._changed.update(dict.fromkeys(item_ids))

    def follow(self, vocabulary: Vocabulary) -> ItemTable:
        """The table up to date, a row per item of a vocabulary."""
        if vocabulary is self._vocabulary and not self._changed:
            return self
        with self._lock:
            before, self._vocabulary = self._vocabulary, vocabulary
            if before is None or vocabulary.ids[: len(before)] != before.ids:
                self._changed.clear()
                found = from_json(vocabulary, self._entities.scan("item"))
                self._columns = {} if found is None else {s.name: s for s in found}
            else:
                changed = {i for i in self._changed if i in vocabulary.index}
                self._changed.clear()
                self._patch(sorted(changed.union(vocabulary.ids[len(before) :])), vocabulary)
            self._categories, self._numbers = {}, {}
            self.version += 1
        return self

    @property
    def names(self) -> frozenset[str]:
        """The attributes that any item has."""
        return frozenset(self._columns)

    def of(
        self, names: Iterable[str], items: NDArray[np.integer] | None = None
    ) -> dict[str, pl.Series | NDArray[np.float64]]:
        """Columns of some items, or of all; names that no item has are left out.

        Numbers of some items come as float64 with NaN where there is none.
        """
        found = [name for name in names if name in self._columns]
        if items is None:
            return {name: self._columns[name] for name in found}
        return {name: self._some(name, items) for name in found}

    def _some(self, name: str, items: NDArray[np.integer]) -> pl.Series | NDArray[np.float64]:
        series = self._columns[name]
        if not series.dtype.is_numeric():
            return series.gather(items)
        if name not in self._numbers:
            self._numbers[name] = series.cast(pl.Float64).fill_null(np.nan).to_numpy()
        return self._numbers[name][items]

    def values(self, name: str, items: NDArray[np.integer]) -> Values | None:
        """A column of some items as plain values; None where no item has it."""
        found = self._columns.get(name)
        if found is None:
            return None
        if isinstance(found.dtype, pl.String | pl.Int64 | pl.List):
            return Looked(found, items)
        return found.gather(items).cast(pl.String).to_list()

    def categories(self, name: str) -> Categories | None:
        """A column as groups of items; None where no item has it."""
        found = self._columns.get(name)
        if found is None:
            return None
        if name not in self._categories:
            self._categories[name] = Categories(found)
        return self._categories[name]

    def _patch(self, ids: Sequence[str], vocabulary: Vocabulary) -> None:
        """Reads some items again; a column whose values are of a new kind is made anew."""
        found = self._entities.get("item", ids)
        rows = [_plain(found.get(i) or {}) for i in ids]
        at = np.array([vocabulary.index[i] for i in ids], dtype=np.int64)
        names = dict.fromkeys([*self._columns, *(name for row in rows for name in row)])
        for name in names:
            old = self._columns.get(name, pl.Series(name, [], dtype=pl.Null))
            old = old.extend_constant(None, len(vocabulary) - len(old))
            self._columns[name] = _replaced(old, at, [row.get(name) for row in rows])


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes without those that the import keeps for itself."""
    return {
        name: value
        for name, value in attributes.items()
        if not name.startswith("_") and name != "id" and value is not None
    }


def _replaced(old: pl.Series, at: NDArray[np.int64], values: list[Any]) -> pl.Series:
    new = column(old.name, values)
    if isinstance(new.dtype, pl.Null) or new.dtype == old.dtype:
        rows = np.arange(len(old))
        rows[at] = len(old) + np.arange(len(at))
        return pl.concat([old, new.cast(old.dtype)]).gather(rows)
    whole: list[Any] = old.to_list()
    for place, value in zip(at.tolist(), values, strict=True):
        whole[place] = value
    if isinstance(old.dtype, pl.String) and not isinstance(new.dtype, pl.List):
        whole = [v if v is None or isinstance(v, str) else json.dumps(v) for v in whole]
    return column(old.name, whole)
