"""How much an item is taken: ever, lately, at this hour; and how old it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.core.named_arrays import group_of, under
from zhiyin.core.protocols import Arrays
from zhiyin.ranking.features.asked import Asked, of_items
from zhiyin.ranking.features.feature import Feature, Known
from zhiyin.ranking.features.time_index import TimeIndex

_DAY = 86_400.0
WINDOWS = {"day": _DAY, "week": 7 * _DAY, "month": 30 * _DAY, "half-year": 182 * _DAY}
"""Windows of popularity, in seconds; those longer than the log are left out."""
_HOURS = 4
"""Parts of the day that are told apart, of 24 / 4 hours each."""
_COUNTED = ("trend", "age", "silence")
_PRIOR = 20.0
"""Events after which an item's own hours count as much as everybody's."""


class PopularityFeatures:
    """Shares of all events, as logarithms; at a moment only what came before it counts.

    Args:
        counts: Events of each item in the whole log, float32 of shape (n_items,).
        index: Events in time, by item; None where times are unknown.
        hours: The same by item and part of the day.
    """

    group: ClassVar[str] = "popularity"

    def __init__(
        self, counts: Floats, index: TimeIndex | None, hours: TimeIndex | None = None
    ) -> None:
        self._counts = counts
        self._total = float(counts.sum())
        self._index = index
        self._hours = hours
        self._all = None if index is None else index.in_one()
        self._final: dict[str, Floats] = {}
        self._windows = (
            {} if index is None else {n: w for n, w in WINDOWS.items() if 2 * w < index.length}
        )

    @classmethod
    def learn(cls, known: Known) -> Self:
        """See `FeatureGroup.learn`."""
        liked = known.histories.positive()
        counts = np.bincount(liked.items, minlength=known.n_items).astype(np.float32)
        if liked.times is None or not len(liked.items):
            return cls(counts, None)
        slots = liked.items * _HOURS + _part_of_day(liked.times)
        return cls(counts, TimeIndex.of(liked.items, liked.times), TimeIndex.of(slots, liked.times))

    @property
    def features(self) -> tuple[Feature, ...]:
        """See `FeatureGroup.features`."""
        found = [Feature("popularity", "log share", "share of all events so far")]
        if self._index is not None:
            found += [
                Feature(f"popularity {name}", "log share", f"share of the events of a {name}")
                for name in self._windows
            ]
            if len(self._windows) > 1:
                short, *_, long = self._windows
                what = f"share of a {short} against that of a {long}: above 0 it rises"
                found.append(Feature("trend", "log ratio", what))
            found += [
                Feature("age", "log days", "time since anybody first took the item"),
                Feature("silence", "log days", "time since anybody last took it"),
                Feature("at this hour", "log ratio", "taken at this part of the day, or not"),
            ]
        return tuple(found)

    def compute(self, asked: Asked, wanted: frozenset[str]) -> dict[str, Floats]:
        """See `FeatureGroup.compute`."""
        if self._index is None or self._hours is None or asked.now is None:
            share = np.log((self._counts + 1) / (self._total + len(self._counts)))
            return {"popularity": of_items(share.astype(np.float32), asked.items)}
        if bool((asked.now >= self._index.end).all()):
            return self._after_all(asked, wanted)
        known = (asked.items >= 0) & (asked.items < len(self._counts))
        items = np.where(known, asked.items, 0)
        now = np.minimum(asked.now, self._index.end)[:, None]
        found = self._counted(items, now, wanted)
        if "at this hour" in wanted:
            found["at this hour"] = self._lift(items, now, _part_of_day(asked.now[:, None]))
        if not known.all():
            for name, values in found.items():
                found[name] = np.where(known, values, np.float32(np.nan))
        return found

    def _after_all(self, asked: Asked, wanted: frozenset[str]) -> dict[str, Floats]:
        """What every query after the last event finds alike, counted once for all items."""
        assert self._index is not None
        assert asked.now is not None
        columns = [name for name in _COUNTED if name in wanted]
        columns += [name for name in wanted if name.startswith("popularity")]
        items, end = np.arange(len(self._counts)), np.array([self._index.end])
        if not set(columns) <= set(self._final):
            self._final |= self._counted(items, end, wanted)
        found = {name: of_items(self._final[name], asked.items) for name in columns}
        if "at this hour" in wanted:
            parts = _part_of_day(asked.now)
            lifts = np.empty(asked.items.shape, dtype=np.float32)
            for part in np.unique(parts).tolist():
                name = f"at this hour {part}"
                if name not in self._final:
                    self._final[name] = self._lift(items, end, np.array([part]))
                rows = parts == part
                lifts[rows] = of_items(self._final[name], asked.items[rows])
            found["at this hour"] = lifts
        return found

    def _counted(
        self, items: NDArray[np.integer], now: NDArray[np.int64], wanted: frozenset[str]
    ) -> dict[str, Floats]:
        """Everything but the hour, at moments that broadcast with the items."""
        assert self._index is not None
        found = self._shares(self._index, items, now, wanted)
        if "age" in wanted:
            first = self._index.first(items)
            found["age"] = _days(now - np.where(first < now, first, np.nan))
        if "silence" in wanted:
            found["silence"] = _days(now - self._index.last(items, now))
        return found

    def _lift(
        self,
        items: NDArray[np.integer],
        now: NDArray[np.int64],
        part: NDArray[np.int64],
    ) -> Floats:
        """How much more an item is taken in a part of the day than in the others."""
        assert self._index is not None
        assert self._hours is not None
        (mine,) = self._hours.before(items * _HOURS + part, now)
        (whole,) = self._index.before(items, now)
        return np.log((mine * _HOURS + _PRIOR) / (whole + _PRIOR)).astype(np.float32)

    def _shares(
        self,
        index: TimeIndex,
        items: NDArray[np.integer],
        now: NDArray[np.int64],
        wanted: frozenset[str],
    ) -> dict[str, Floats]:
        ends = list(self._windows)[:1] + list(self._windows)[-1:] if "trend" in wanted else []
        windows: dict[str, float | None] = {
            f"popularity {name}": seconds
            for name, seconds in self._windows.items()
            if f"popularity {name}" in wanted or name in ends
        }
        if "popularity" in wanted:
            windows["popularity"] = None
        spans = list(windows.values())
        taken = index.before(items, now, windows=spans)
        everything = (self._all or index).before(np.zeros_like(now), now, windows=spans)
        found = {
            name: np.log((some + 1) / (whole + len(self._counts))).astype(np.float32)
            for name, some, whole in zip(windows, taken, everything, strict=True)
        }
        if len(ends) > 1:
            found["trend"] = found[f"popularity {ends[0]}"] - found[f"popularity {ends[1]}"]
        return found

    def state(self) -> Arrays:
        """See `FeatureGroup.state`."""
        arrays: Arrays = {"counts": self._counts}
        if self._index is not None and self._hours is not None:
            arrays |= under("index", self._index.state()) | under("hours", self._hours.state())
        return arrays

    def manifest(self) -> dict[str, Any]:
        """See `FeatureGroup.manifest`."""
        return {"times": self._index is not None}

    @classmethod
    def restored(cls, manifest: Mapping[str, Any], arrays: Arrays) -> Self:
        """See `FeatureGroup.restored`."""
        counts = np.asarray(arrays["counts"])
        if not manifest["times"]:
            return cls(counts, None)
        index, hours = (TimeIndex.restored(group_of(arrays, n)) for n in ("index", "hours"))
        return cls(counts, index, hours)


def _part_of_day(times: NDArray[np.int64]) -> NDArray[np.int64]:
    return (times // 3_600_000 % 24) // (24 // _HOURS)


def _days(milliseconds: NDArray[Any]) -> Floats:
    return np.log1p(np.maximum(milliseconds, 0) / 86_400_000).astype(np.float32)
