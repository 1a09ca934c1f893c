"""Which items may be shown: those in the catalogue that are neither hidden nor out of stock.

An item that was deleted, hidden or sold out is out of the next slate, whichever process was
told of it: what a slate would show is looked up in the store before it leaves. What is known
to be closed is kept beside, so that slates are not short of candidates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import EntityStore
from zhiyin.data.vocabulary import Vocabulary

_YES = frozenset({"true", "1", "1.0", "yes", "是"})
_NO = frozenset({"false", "0", "0.0", "no", "否"})
_SAYS = r'"(?:hidden|available)"\s*:'
"""In JSON: what can be closed says so."""


def is_open(attributes: Mapping[str, Any] | None) -> bool:
    """Whether an item with these attributes may be shown; None for one that is not there."""
    said = "" if attributes is None else str(attributes.get("available", "")).lower()
    return is_listed(attributes) and said not in _NO


def is_listed(attributes: Mapping[str, Any] | None) -> bool:
    """Whether an item with these attributes may be found: what is sold out may."""
    if attributes is None:
        return False
    return str(attributes.get("hidden", "")).lower() not in _YES


class Availability:
    """Knows which items are closed.

    Args:
        entities: The store of items.
    """

    def __init__(self, entities: EntityStore) -> None:
        self._entities = entities
        self._lock = Lock()
        self._closed = frozenset[str]()  # replaced, never changed
        self._rows: tuple[Vocabulary, frozenset[str], NDArray[np.int64]] | None = None

    def read(self, items: Vocabulary) -> None:
        """Looks through the whole catalogue once.

        Args:
            items: What a model can recommend; those that the catalogue lacks are closed.
        """
        frame = self._entities.scan("item")
        said = frame.filter(pl.col("attributes").cast(pl.String).str.contains(_SAYS))
        ids = said["id"].to_list()
        found = self._entities.get("item", ids)
        gone = np.setdiff1d(items.keys, frame["key"].to_numpy())
        closed = {i for i in ids if not is_open(found.get(i))}
        rows: list[int] = items.locate(gone).tolist()
        closed.update(items.ids[at] for at in rows)
        with self._lock:
            self._closed = frozenset(closed)

    def notice(self, item_ids: Iterable[str]) -> None:
        """Told of items that were just stored, changed or deleted."""
        self.among(list(item_ids))

    def among(self, item_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Those of some items that may be shown as of now, with their attributes."""
        found = self._entities.get("item", item_ids)
        opened = {i: found[i] for i in item_ids if is_open(found.get(i))}
        shut = [i for i in item_ids if i not in opened]
        with self._lock:
            if not self._closed.issuperset(shut) or not self._closed.isdisjoint(opened):
                self._closed = (self._closed | set(shut)) - opened.keys()
        return opened

    def bar(self, scores: Floats, items: Vocabulary) -> None:
        """Lowers the scores of closed items to -inf, in place.

        Args:
            scores: Of shape (q, len(items)).
            items: The items of the columns.
        """
        if self._closed:
            scores[:, self._columns(items)] = -np.inf

    def _columns(self, items: Vocabulary) -> NDArray[np.int64]:
        closed, kept = self._closed, self._rows
        if kept is None or kept[0] is not items or kept[1] is not closed:
            index = items.index
            rows = np.array([index[i] for i in closed if i in index], dtype=np.int64)
            kept = self._rows = (items, closed, rows)
        return kept[2]
