"""What the items of a catalogue are, in columns: which rows keep a wish, without a loop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from zhiyin.narrate.chat.state import Wish, folded, parts_of
from zhiyin.narrate.chat.vocabulary import NUMBERS, TAGS, Vocabulary

Mask = NDArray[np.bool_]
_GROWTH = 1.5


class WishTable:
    """The columns that wishes are about; rows can be replaced one by one.

    Args:
        records: Attributes by item id.
    """

    def __init__(self, records: Iterable[tuple[str, Mapping[str, Any]]] = ()) -> None:
        self.vocabulary = Vocabulary()
        self.ids: list[str] = []
        self.row_of: dict[str, int] = {}
        self._alive = np.zeros(16, dtype=np.bool_)
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self._rows: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._titles = self.vocabulary.titles
        self._arrays: dict[tuple[str, str], NDArray[np.int64]] = {}
        for item, record in records:
            self.put(item, record)

    def __len__(self) -> int:
        return len(self.row_of)

    def put(self, item: str, record: Mapping[str, Any]) -> None:
        """Adds an item, or puts it in place of what it was."""
        self.drop(item)
        row = len(self.ids)
        self.ids.append(item)
        self.row_of[item] = row
        if row >= len(self._alive):
            self._alive = _longer(self._alive, row + 1, fill=False)
        self._alive[row] = True
        self.vocabulary.add({**record, "item_id": item})
        for field in TAGS:
            for part in parts_of(field, record.get(field)):
                key = (field, folded(part))
                self._rows[key].append(row)
                self._arrays.pop(key, None)
        for field in NUMBERS:
            value = record.get(field)
            if isinstance(value, int | float) and not isinstance(value, bool):
                self._number(field, row)[row] = float(value)

    def drop(self, item: str) -> None:
        """Forgets an item."""
        row = self.row_of.pop(item, None)
        if row is not None:
            self._alive[row] = False
            self.vocabulary.drop(item)

    def keeping(self, wishes: Sequence[Wish]) -> Mask:
        """Which rows keep all wishes, bool of shape (len(ids),)."""
        kept = self._alive[: len(self.ids)].copy()
        for wish in wishes:
            kept &= self._one(wish)
        return kept

    def count(self, wishes: Sequence[Wish]) -> int:
        """How many items keep all wishes."""
        return int(self.keeping(wishes).sum())

    def chosen(self, wishes: Sequence[Wish]) -> list[str]:
        """The items that keep all wishes, in order of arrival."""
        rows: list[int] = np.flatnonzero(self.keeping(wishes)).tolist()
        return [self.ids[row] for row in rows]

    def share(self, field: str, value: str) -> float:
        """Which part of the items has a value."""
        return len(self._rows.get((field, folded(value)), ())) / max(1, len(self.ids))

    def _one(self, wish: Wish) -> Mask:
        n = len(self.ids)
        if wish.op not in ("has", "lacks"):
            values = np.full(n, np.nan)
            held = self._numbers.get(wish.field)
            if held is not None:
                size = min(n, len(held))
                values[:size] = held[:size]
            return _compared(values, wish.op, float(wish.value))
        found = np.zeros(n, dtype=np.bool_)
        if wish.field == "title":
            for value in wish.values:
                found[self._titles.rows_with(folded(value))] = True
        elif wish.field in self._numbers:
            held = self._numbers[wish.field][:n]
            wanted = [float(value) for value in wish.values if _is_number(value)]
            found[: len(held)] = np.isin(held, wanted)
        else:
            for value in wish.values:
                found[self._at((wish.field, folded(value)))] = True
        return found if wish.op == "has" else ~found

    def _at(self, key: tuple[str, str]) -> NDArray[np.int64]:
        if key not in self._arrays:
            self._arrays[key] = np.array(self._rows.get(key, ()), dtype=np.int64)
        return self._arrays[key]

    def _number(self, field: str, row: int) -> NDArray[np.float64]:
        held = self._numbers.get(field)
        if held is None:
            held = np.full(max(16, row + 1), np.nan)
        if row >= len(held):
            held = cast("NDArray[np.float64]", _longer(held, row + 1, fill=np.nan))
        self._numbers[field] = held
        return held


def _longer(array: NDArray[Any], least: int, *, fill: Any) -> NDArray[Any]:  # noqa: ANN401 - of the array's kind
    grown = np.full(max(least, int(_GROWTH * len(array))), fill, dtype=array.dtype)
    grown[: len(array)] = array
    return grown


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def _compared(values: NDArray[np.float64], op: str, bound: float) -> Mask:
    if op == "<":
        return values < bound
    if op == "<=":
        return values <= bound
    if op == ">":
        return values > bound
    return values >= bound if op == ">=" else values == bound
