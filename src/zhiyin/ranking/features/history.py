"""What the user did before: how much, and with this very item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays
from zhiyin.ranking.features.asked import Asked
from zhiyin.ranking.features.feature import Feature, Known


class HistoryFeatures:
    """The user and the item before: nothing is learned here, all is read from the history.

    Args:
        n_items: Size of the catalogue that histories speak of.
        ordered: Whether order means time.
    """

    group: ClassVar[str] = "user and item"

    def __init__(self, n_items: int, *, ordered: bool) -> None:
        self._n_items = n_items
        self._ordered = ordered

    @classmethod
    def learn(cls, known: Known) -> Self:
        """See `FeatureGroup.learn`."""
        return cls(known.n_items, ordered=known.histories.ordered)

    @property
    def features(self) -> tuple[Feature, ...]:
        """See `FeatureGroup.features`."""
        found = [
            Feature("events", "log(1 + events)", "how much the user did so far"),
            Feature("taken", "log(1 + events)", "how often the user took this item before"),
            Feature("disliked", "0 or 1", "the user turned this item down"),
        ]
        if self._ordered:
            what = "events of the user since they took this item last; unknown: never"
            found.append(Feature("taken ago", "log(1 + events)", what))
        return tuple(found)

    def compute(self, asked: Asked, wanted: frozenset[str]) -> dict[str, Floats]:
        """See `FeatureGroup.compute`."""
        shape, past = asked.shape, asked.histories
        lengths = np.log1p(past.lengths).astype(np.float32)
        found = {"events": np.broadcast_to(lengths[:, None], shape)}
        if not wanted & {"taken", "disliked", "taken ago"}:
            return found
        width = np.int64(max(self._n_items, int(asked.items.max(initial=0)) + 1))
        keys = past.rows * width + past.items
        order = np.lexsort((-past.from_end, keys))
        keys = keys[order]
        rows = np.arange(shape[0], dtype=np.int64)[:, None]
        wants = rows * width + np.maximum(asked.items, 0)
        low, high = (np.searchsorted(keys, wants, side=side) for side in ("left", "right"))
        some = (high > low) & asked.present
        last = np.where(some, high - 1, 0)
        found["taken"] = np.where(some, np.log1p(high - low), 0).astype(np.float32)
        if not len(keys):
            nothing = np.zeros(shape, dtype=np.float32)
            return found | {"disliked": nothing, "taken ago": np.full_like(nothing, np.nan)}
        weights, ago = past.weights[order], np.log1p(past.from_end[order])
        found["disliked"] = (some & (weights[last] < 0)).astype(np.float32)
        found["taken ago"] = np.where(some, ago[last], np.nan).astype(np.float32)
        return found

    def state(self) -> Arrays:
        """See `FeatureGroup.state`."""
        return {}

    def manifest(self) -> dict[str, Any]:
        """See `FeatureGroup.manifest`."""
        return {"n_items": self._n_items, "ordered": self._ordered}

    @classmethod
    def restored(cls, manifest: Mapping[str, Any], arrays: Arrays) -> Self:
        """See `FeatureGroup.restored`."""
        return cls(int(manifest["n_items"]), ordered=bool(manifest["ordered"]))
