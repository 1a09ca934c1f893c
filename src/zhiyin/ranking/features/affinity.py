"""Whether the candidate is of the kinds, and in the range of numbers, that the user takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats, Histories, ItemIndices
from zhiyin.core.protocols import Arrays
from zhiyin.ranking.features.asked import Asked, of_items
from zhiyin.ranking.features.feature import Feature, Known

_MOST = 8
"""Categories of an item that are looked at."""
_FADE = 10.0
"""Events over which the lately taken fades, to 1/e."""


class CategoryFeatures:
    """Shares of the user's history that are of the candidate's categories.

    Args:
        categories: Categories of each item, int32 of shape (n_items, m), -1 for none.
        n_categories: How many there are.
        usual: Share of the catalogue in each category, float32 of shape (n_categories,).
    """

    group: ClassVar[str] = "categories"

    def __init__(self, categories: ItemIndices, n_categories: int, usual: Floats) -> None:
        self._categories = categories
        self._n = n_categories
        self._usual = usual
        none = categories < 0
        # A last column holds 0, for absent categories; a last row is that of unknown items.
        self._columns = np.full((len(none) + 1, none.shape[1]), n_categories, dtype=np.intp)
        self._columns[:-1][~none] = categories[~none]
        sizes = np.append((~none).sum(axis=1), 0)
        self._sizes = np.where(sizes > 0, sizes, np.nan).astype(np.float32)
        self._usually = self._mean(np.append(usual, np.float32(0))[self._columns], self._sizes)

    @classmethod
    def learn(cls, known: Known) -> Self | None:
        """See `FeatureGroup.learn`."""
        if known.categories is None:
            return None
        category, item = known.categories
        order = np.lexsort((category, item))
        category, item = category[order], item[order]
        starts = np.searchsorted(item, item)
        place = np.arange(len(item)) - starts
        kept = place < _MOST
        width = int(place[kept].max(initial=0)) + 1
        table = np.full((known.n_items, width), -1, dtype=np.int32)
        table[item[kept], place[kept]] = category[kept]
        usual = np.bincount(category, minlength=known.n_categories) / max(1, known.n_items)
        return cls(table, known.n_categories, usual.astype(np.float32))

    @property
    def features(self) -> tuple[Feature, ...]:
        """See `FeatureGroup.features`."""
        return (
            Feature("category share", "0..1", "share of the history in the candidate's categories"),
            Feature("category lately", "0..1", f"the same, fading over {_FADE:g} events"),
            Feature("category lift", "log ratio", "lately, against the share of the catalogue"),
        )

    def compute(self, asked: Asked, wanted: frozenset[str]) -> dict[str, Floats]:
        """See `FeatureGroup.compute`."""
        past = asked.histories.positive()
        rows = self._rows(asked.items)
        found: dict[str, Floats] = {}
        if "category share" in wanted:
            weights = np.ones(len(past.items), dtype=np.float32)
            found["category share"] = self._share(past, weights, rows)
        if wanted & {"category lately", "category lift"}:
            fading = np.exp(-past.from_end / _FADE) if past.ordered else np.ones(len(past.items))
            lately = self._share(past, fading.astype(np.float32), rows)
            found["category lately"] = lately
            found["category lift"] = np.log((lately + 0.01) / (self._usually[rows] + 0.01))
        return found

    def _share(self, past: Histories, weights: Floats, rows: NDArray[np.intp]) -> Floats:
        """Of each candidate, the mean over its categories of their shares of the history."""
        q, width = len(past), self._n + 1
        theirs = self._columns[self._rows(past.items)]
        key = past.rows[:, None] * width + theirs
        repeated = np.broadcast_to(weights[:, None], key.shape)
        sums = np.bincount(key.ravel(), weights=repeated.ravel(), minlength=q * width)
        sums = sums.reshape(q, width)
        sums[:, -1] = 0
        total = np.bincount(past.rows, weights=weights, minlength=q)[:, None]
        shares = (sums / np.maximum(total, 1e-9)).astype(np.float32)
        at = self._columns[rows] + (np.arange(q) * width)[:, None, None]
        return self._mean(shares.ravel()[at], self._sizes[rows])

    @staticmethod
    def _mean(shares: Floats, sizes: Floats) -> Floats:
        """Mean over the categories of each item; NaN where it has none."""
        return shares.sum(axis=-1) / sizes

    def _rows(self, items: ItemIndices) -> NDArray[np.intp]:
        """Rows of the tables; the last one for items that were not there to learn from."""
        last = len(self._categories)
        return np.where((items >= 0) & (items < last), items, last)

    def state(self) -> Arrays:
        """See `FeatureGroup.state`."""
        return {"categories": self._categories, "usual": self._usual}

    def manifest(self) -> dict[str, Any]:
        """See `FeatureGroup.manifest`."""
        return {"n_categories": self._n}

    @classmethod
    def restored(cls, manifest: Mapping[str, Any], arrays: Arrays) -> Self:
        """See `FeatureGroup.restored`."""
        usual = np.asarray(arrays["usual"])
        return cls(np.asarray(arrays["categories"]), int(manifest["n_categories"]), usual)


class NumberFeatures:
    """Prices, years, lengths: where the candidate stands, and how far from the user's usual.

    Args:
        ranks: By attribute, where each item stands in the catalogue, 0..1, float32 of shape
            (n_items,), NaN for unknown.
    """

    group: ClassVar[str] = "numbers"

    def __init__(self, ranks: Mapping[str, Floats]) -> None:
        self._ranks = dict(ranks)

    @classmethod
    def learn(cls, known: Known) -> Self | None:
        """See `FeatureGroup.learn`."""
        if not known.numbers:
            return None
        return cls({name: _standing(values) for name, values in known.numbers.items()})

    @property
    def features(self) -> tuple[Feature, ...]:
        """See `FeatureGroup.features`."""
        found: list[Feature] = []
        for name in self._ranks:
            found.append(Feature(name, "rank 0..1", f"where the candidate stands by {name}"))
            what = f"{name} above or below what the user took lately"
            found.append(Feature(f"{name} off usual", "difference of ranks", what))
            what = f"how far {name} is from what the user took lately, either way"
            found.append(Feature(f"{name} distance", "difference of ranks", what))
        return tuple(found)

    def compute(self, asked: Asked, wanted: frozenset[str]) -> dict[str, Floats]:
        """See `FeatureGroup.compute`."""
        past = asked.histories.positive()
        fading = np.exp(-past.from_end / _FADE) if past.ordered else np.ones(len(past.items))
        found: dict[str, Floats] = {}
        for name, ranks in self._ranks.items():
            own = of_items(ranks, asked.items)
            found[name] = own
            if wanted & {f"{name} off usual", f"{name} distance"}:
                off = own - _usual(past, fading, ranks)[:, None]
                found[f"{name} off usual"] = off
                found[f"{name} distance"] = np.abs(off)
        return found

    def state(self) -> Arrays:
        """See `FeatureGroup.state`."""
        return dict(self._ranks)

    def manifest(self) -> dict[str, Any]:
        """See `FeatureGroup.manifest`."""
        return {"numbers": list(self._ranks)}

    @classmethod
    def restored(cls, manifest: Mapping[str, Any], arrays: Arrays) -> Self:
        """See `FeatureGroup.restored`."""
        return cls({name: np.asarray(arrays[name]) for name in manifest["numbers"]})


def _standing(values: NDArray[np.floating]) -> Floats:
    """Mean rank among the known, from 0 to 1; NaN stays."""
    known = np.sort(values[np.isfinite(values)])
    low, high = (np.searchsorted(known, values, side=side) for side in ("left", "right"))
    standing = (low + high) / (2.0 * max(1, len(known)))
    return np.where(np.isfinite(values), standing, np.nan).astype(np.float32)


def _usual(past: Histories, fading: NDArray[np.floating], ranks: Floats) -> Floats:
    """The faded mean over each history; NaN where nothing is known."""
    values = of_items(ranks, past.items)
    known = np.isfinite(values)
    weights = np.where(known, fading, 0)
    q = len(past)
    total = np.bincount(past.rows, weights=weights * np.where(known, values, 0), minlength=q)
    weight = np.bincount(past.rows, weights=weights, minlength=q)
    nothing = np.full(q, np.nan)
    return np.divide(total, weight, out=nothing, where=weight > 0).astype(np.float32)
