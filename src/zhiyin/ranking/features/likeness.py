"""How like the candidate is to what the user took last: by behaviour, by text, by picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats, Histories, ItemIndices
from zhiyin.core.protocols import Arrays
from zhiyin.ranking.features.asked import Asked
from zhiyin.ranking.features.feature import Feature, Known

RECENT = 10
"""Events that count as what the user did last."""
_BLOCK = 256
"""Queries looked at together."""


class LikenessFeatures:
    """Cosines with the last event, with the nearest of the last ten, and with their mean.

    Args:
        vectors: By name, float32 of shape (n_items, d), rows of length 1 or of zeros.
    """

    group: ClassVar[str] = "likeness"

    def __init__(self, vectors: Mapping[str, Floats]) -> None:
        self._vectors = dict(vectors)
        self._empty = {name: ~np.any(table, axis=1) for name, table in vectors.items()}

    @classmethod
    def learn(cls, known: Known) -> Self | None:
        """See `FeatureGroup.learn`."""
        return cls(known.vectors) if known.vectors else None

    @property
    def features(self) -> tuple[Feature, ...]:
        """See `FeatureGroup.features`."""
        found: list[Feature] = []
        for name in self._vectors:
            last = f"by {name}, to what the user took last"
            nearest = f"by {name}, to the nearest of the last {RECENT}"
            mean = f"by {name}, to the last {RECENT} on average"
            found.append(Feature(f"{name} like last", "cosine", f"likeness {last}"))
            found.append(Feature(f"{name} like nearest", "cosine", f"likeness {nearest}"))
            found.append(Feature(f"{name} like recent", "cosine", f"likeness {mean}"))
        return tuple(found)

    def compute(self, asked: Asked, wanted: frozenset[str]) -> dict[str, Floats]:
        """See `FeatureGroup.compute`."""
        past = asked.histories.positive()
        recent = _last_events(past)
        found: dict[str, Floats] = {}
        for name, vectors in self._vectors.items():
            columns = [f"{name} like {what}" for what in ("last", "nearest", "recent")]
            if not wanted.intersection(columns):
                continue
            parts = [np.full(asked.items.shape, np.nan, dtype=np.float32) for _ in columns]
            for start in range(0, len(recent), _BLOCK):
                rows = slice(start, start + _BLOCK)
                some = _cosines(vectors, self._empty[name], asked.items[rows], recent[rows])
                for part, values in zip(parts, some, strict=True):
                    part[rows] = values
            found |= dict(zip(columns, parts, strict=True))
        return found

    def state(self) -> Arrays:
        """See `FeatureGroup.state`."""
        return dict(self._vectors)

    def manifest(self) -> dict[str, Any]:
        """See `FeatureGroup.manifest`."""
        return {"vectors": list(self._vectors)}

    @classmethod
    def restored(cls, manifest: Mapping[str, Any], arrays: Arrays) -> Self:
        """See `FeatureGroup.restored`."""
        return cls({name: np.asarray(arrays[name]) for name in manifest["vectors"]})


def _last_events(past: Histories) -> ItemIndices:
    """Items of the last events, the last one first: int32 of shape (q, RECENT), -1 for none."""
    recent = past.recent(RECENT)
    found = np.full((len(past), RECENT), -1, dtype=np.int32)
    found[recent.rows, recent.from_end] = recent.items
    return found


def _cosines(
    vectors: Floats, empty: NDArray[np.bool_], items: ItemIndices, recent: ItemIndices
) -> list[Floats]:
    """Cosine to the last event, to the nearest and on average; NaN where either is unknown."""
    outside = (items < 0) | (items >= len(vectors))
    rows = np.where(outside, 0, items)
    events = vectors[np.where(recent < len(vectors), np.maximum(recent, 0), 0)]
    known = (recent >= 0) & np.any(events, axis=2)
    cosines = np.matmul(events, vectors[rows].transpose(0, 2, 1))  # an event's row: (q, e, c)
    counts = known.sum(axis=1, keepdims=True).astype(np.float32)
    total = cosines.sum(axis=1, where=known[:, :, None])
    if not known.all():
        cosines[~known] = np.nan
    last, nearest = cosines[:, 0], np.fmax.reduce(cosines, axis=1)
    mean = np.divide(total, counts, out=np.full_like(total, np.nan), where=counts > 0)
    unknown = outside | empty[rows]
    if unknown.any():
        for values in (last, nearest, mean):
            values[unknown] = np.nan
    return [last, nearest, mean]
