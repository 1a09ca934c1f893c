"""When and where the query is asked, and what is taken there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.core.histories import Floats, Histories, Milliseconds
from zhiyin.core.named_arrays import group_of, under
from zhiyin.core.protocols import Arrays
from zhiyin.ranking.features.asked import Asked
from zhiyin.ranking.features.feature import Feature, Known
from zhiyin.ranking.features.moment import KINDS, NAMES, QUERY, number_of, values_of
from zhiyin.ranking.features.time_index import TimeIndex

_MOST = {QUERY: 2000}
"""Values of a name that are told apart, the commonest first; _MOST_KINDS of the others."""
_MOST_KINDS = 64
_LEAST = 20
"""Events that a value must have."""
_PRIOR = 5.0
"""Events by which the item's own share is drawn towards that of all items."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What was taken where a name had a value.

    Attributes:
        values: The values, the commonest first.
        n_items: Size of the catalogue.
        index: Events on an item with a value, by slot value * n_items + item.
        items: Events on an item with any value, by item.
        totals: The same on all items, by value.
        all: All of them, as slot 0.
    """

    values: tuple[str, ...]
    n_items: int
    index: TimeIndex
    items: TimeIndex
    totals: TimeIndex
    all: TimeIndex

    @classmethod
    def of(cls, name: str, column: pl.Series, histories: Histories) -> Self | None:
        """Counts the events that tell a name; None where no value has enough of them."""
        raw = pl.DataFrame({"told": column}).with_row_index("event")
        raw = raw.filter((column.is_not_null()) & pl.Series(histories.weights > 0))
        each = raw["told"].unique().sort()
        read = pl.DataFrame(
            {"told": each, "value": [list(values_of(name, told)) for told in each]},
            schema={"told": column.dtype, "value": pl.List(pl.String)},
        )
        pairs = raw.join(read, on="told", how="left").explode("value").drop_nulls()
        counts = pairs["value"].value_counts().filter(pl.col("count") >= _LEAST)
        counts = counts.sort(["count", "value"], descending=[True, False])
        values = tuple(counts["value"].head(_MOST.get(name, _MOST_KINDS)).to_list())
        if not values:
            return None
        code = {value: at for at, value in enumerate(values)}
        pairs = pairs.filter(pl.col("value").is_in(values))
        codes = np.array([code[value] for value in pairs["value"].to_list()], dtype=np.int64)
        events = pairs["event"].to_numpy()
        items = histories.items[events].astype(np.int64)
        times = np.zeros(len(events), dtype=np.int64)
        if histories.times is not None:
            times = histories.times[events]
        n = histories.n_items
        slots = (codes * n + items, items, codes, np.zeros(len(codes), dtype=np.int64))
        return cls(values, n, *(TimeIndex.of(each, times) for each in slots))

    def lift(self, codes: NDArray[np.int64], asked: Asked) -> Floats:
        """How much more candidates are taken with these values than others are, (q, c).

        Args:
            codes: Values of each query, -1 for none, shape (q, m).
            asked: The candidates.
        """
        items = asked.items
        known = (items >= 0) & (items < self.n_items)
        inside = np.where(known, items, 0).astype(np.int64)[:, None, :]
        value = np.maximum(codes, 0)[:, :, None]
        now = self._moments(asked)[:, None, None]
        (both,) = self.index.before(value * self.n_items + inside, now)
        (item,) = self.items.before(inside, now)
        (total,) = self.totals.before(value, now)
        (every,) = self.all.before(np.zeros_like(now), now)
        share = (total + 1) / (every + len(self.values))
        lifts = np.log((both + _PRIOR * share) / ((item + _PRIOR) * share))
        told = (codes >= 0)[:, :, None]
        count = told.sum(axis=1)
        mean = np.where(told, lifts, 0).sum(axis=1) / np.maximum(count, 1)
        return np.where(known & (count > 0), mean, np.nan).astype(np.float32)

    def _moments(self, asked: Asked) -> Milliseconds:
        """When each query is asked, at the latest just after the last event."""
        if asked.now is None:
            return np.full(len(asked.items), self.all.end, dtype=np.int64)
        return np.minimum(asked.now, self.all.end)

    def codes(self, name: str, asked: Asked) -> NDArray[np.int64]:
        """The values that queries tell, by place among the known ones, -1 for none, (q, m)."""
        place = {value: at for at, value in enumerate(self.values)}
        rows = [
            [place[value] for value in values_of(name, told.get(name)) if value in place]
            for told in asked.context
        ]
        found = np.full((len(asked.items), max([1, *map(len, rows)])), -1, dtype=np.int64)
        for at, row in enumerate(rows):
            found[at, : len(row)] = row
        return found

    def state(self) -> Arrays:
        """The counts as arrays."""
        indices = {"index": self.index, "items": self.items, "totals": self.totals}
        arrays: Arrays = {}
        for name, index in (*indices.items(), ("all", self.all)):
            arrays |= under(name, index.state())
        values = json.dumps(self.values, ensure_ascii=False).encode()
        return arrays | {"values": np.frombuffer(values, dtype=np.uint8)}

    @classmethod
    def restored(cls, n_items: int, arrays: Arrays) -> Self:
        """The inverse of `state`."""
        indices = (
            TimeIndex.restored(group_of(arrays, n)) for n in ("index", "items", "totals", "all")
        )
        return cls(tuple(json.loads(arrays["values"].tobytes())), n_items, *indices)


class ContextFeatures:
    """What is the same for all candidates of a query, and which of them are taken there.

    Args:
        told: What events say of device, place, surface and query, by name.
        n_items: Size of the catalogue.
        times: Whether moments are known.
    """

    group: ClassVar[str] = "context"

    def __init__(self, told: Mapping[str, Told], *, n_items: int, times: bool) -> None:
        self._told = dict(told)
        self._n_items = n_items
        self._times = times

    @classmethod
    def learn(cls, known: Known) -> Self | None:
        """See `FeatureGroup.learn`."""
        histories, told = known.histories, dict[str, Told]()
        if known.context is not None:
            for name in (name for name in NAMES if name in known.context.columns):
                found = Told.of(name, known.context[name], histories)
                if found is not None:
                    told[name] = found
        times = histories.times is not None
        return cls(told, n_items=known.n_items, times=times) if times or told else None

    @property
    def features(self) -> tuple[Feature, ...]:
        """See `FeatureGroup.features`."""
        found: list[Feature] = []
        for name in self._told:
            if name in KINDS:
                what = f"{name} of the query, the commonest first; unknown: another, or none"
                found.append(Feature(name, "code", what))
            else:
                found.append(Feature("query words", "words", "known words of the query's text"))
            what = f"how much more the item is taken with this {name} than items are"
            found.append(Feature(f"{name} lift", "log ratio", what))
        if self._times:
            found.append(Feature("hour", "0..23", "hour of the query: as told, else UTC"))
            what = "day of the week of the query: as told, else UTC"
            found.append(Feature("weekday", "0 Monday .. 6", what))
        return tuple(found)

    def compute(self, asked: Asked, wanted: frozenset[str]) -> dict[str, Floats]:
        """See `FeatureGroup.compute`."""
        found: dict[str, Floats] = {}
        columns: dict[str, Floats] = {}
        for name, told in self._told.items():
            codes = told.codes(name, asked)
            if name in KINDS:
                columns[name] = np.where(codes[:, 0] >= 0, codes[:, 0], np.nan).astype(np.float32)
            else:
                columns["query words"] = (codes >= 0).sum(axis=1).astype(np.float32)
            if f"{name} lift" not in wanted:
                continue
            if (codes >= 0).any():
                found[f"{name} lift"] = told.lift(codes, asked)
            else:
                found[f"{name} lift"] = np.full(asked.shape, np.nan, dtype=np.float32)
        if self._times:
            columns |= self._clock(asked)
        spread = {
            name: np.broadcast_to(values[:, None], asked.shape) for name, values in columns.items()
        }
        return found | spread

    def _clock(self, asked: Asked) -> dict[str, Floats]:
        """Hour and weekday: what the context tells, else those of the moment in UTC."""
        hours = np.full(asked.shape[0], np.nan, dtype=np.float32)
        days = hours.copy()
        if asked.now is not None:
            hours = (asked.now // 3_600_000 % 24).astype(np.float32)
            days = ((asked.now // 86_400_000 + 3) % 7).astype(np.float32)
        for at, context in enumerate(asked.context):
            hour = number_of(context, "hour", below=24)
            day = number_of(context, "weekday", below=7)
            hours[at] = hours[at] if hour is None else hour
            days[at] = days[at] if day is None else day
        return {"hour": hours, "weekday": days}

    def state(self) -> Arrays:
        """See `FeatureGroup.state`."""
        arrays: Arrays = {}
        for name, told in self._told.items():
            arrays |= under(name, told.state())
        return arrays

    def manifest(self) -> dict[str, Any]:
        """See `FeatureGroup.manifest`."""
        return {"names": list(self._told), "times": self._times, "n_items": self._n_items}

    @classmethod
    def restored(cls, manifest: Mapping[str, Any], arrays: Arrays) -> Self:
        """See `FeatureGroup.restored`."""
        n_items = int(manifest.get("n_items", 0))  # absent before contexts were read
        told = {name: Told.restored(n_items, group_of(arrays, name)) for name in manifest["names"]}
        return cls(told, n_items=n_items, times=bool(manifest["times"]))
