"""What rankers learn from: candidates, or slates that were shown, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.core.histories import Floats, Histories
from zhiyin.core.protocols import RankingData
from zhiyin.data.dataset import Dataset
from zhiyin.data.facts import CONTEXT
from zhiyin.ranking.features import Asked, FeatureSet

_BLOCK = 256
"""Queries whose features are computed together."""


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Candidates of queries whose next items are known.

    Attributes:
        asked: The candidates, best by the blend first, or as they were shown.
        hits: Which of them were held out, or answered, bool of shape (q, c).
        held: Held-out items of each query, int64 of shape (q,).
        users: Row of the user of each query, int64 of shape (q,).
    """

    asked: Asked
    hits: NDArray[np.bool_]
    held: NDArray[np.int64]
    users: NDArray[np.int64]

    def described(self, features: FeatureSet) -> Floats:
        """The features of every candidate, row by row."""
        parts = [
            features.compute(self.asked.take(slice(start, start + _BLOCK)))
            for start in range(0, len(self.asked.items), _BLOCK)
        ]
        return np.concatenate(parts)

    def data(self, rows: Floats, names: tuple[str, ...]) -> RankingData:
        """Features with what became of each candidate."""
        present = self.asked.present
        indptr = np.concatenate([[0], np.cumsum(present.sum(axis=1))]).astype(np.int64)
        return RankingData(rows, self.hits[present].astype(np.float32), indptr, names)


def together(data: RankingData, more: RankingData | None) -> RankingData:
    """The queries of both."""
    if more is None or not len(more):
        return data
    return RankingData(
        np.concatenate([data.features, more.features]),
        np.concatenate([data.labels, more.labels]),
        np.concatenate([data.indptr, more.indptr[1:] + data.indptr[-1]]),
        data.names,
    )


def joined(parts: Sequence[Lessons]) -> Lessons:
    """Lessons of several batches as one."""
    return Lessons(
        _as_one([part.asked for part in parts]),
        np.concatenate([part.hits for part in parts]),
        np.concatenate([part.held for part in parts]),
        np.concatenate([part.users for part in parts]),
    )


def contexts_of(
    facts: pl.DataFrame | None, histories: Histories, held: NDArray[np.bool_]
) -> list[Mapping[str, Any]] | None:
    """What the last held-out event of every user told of its moment; None where none did.

    Args:
        facts: A row per event of ``histories``.
        histories: All training rows.
        held: Which events are held out, bool of shape (events,).
    """
    if facts is None or not any(facts[name].count() for name in CONTEXT):
        return None
    places = np.flatnonzero(held)
    last = np.full(len(histories), -1, dtype=np.int64)
    last[histories.rows[places]] = places  # the last of each row is written last
    known = np.flatnonzero(last >= 0)
    found: list[Mapping[str, Any]] = [{} for _ in range(len(histories))]
    told = facts.select(CONTEXT)[last[known]].to_dicts()
    for row, values in zip(known.tolist(), told, strict=True):
        found[row] = {name: value for name, value in values.items() if value is not None}
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What became of pairs of users and items that were held out.

    Attributes:
        pairs: user * items + item of every pair with a held-out conversion, sorted.
        stayed: The same of pairs with a dwell, sorted.
        seconds: How long it was in all, per pair of ``stayed``.
        n_items: Size of the catalogue.
    """

    pairs: NDArray[np.int64]
    stayed: NDArray[np.int64]
    seconds: NDArray[np.float64]
    n_items: int

    @classmethod
    def of(cls, dataset: Dataset, held: NDArray[np.bool_]) -> Outcomes:
        """The outcomes of a data set's held-out events."""
        histories, facts = dataset.histories, dataset.facts
        pairs = histories.rows * np.int64(histories.n_items) + histories.items
        if facts is None:
            none = np.zeros(0, dtype=np.int64)
            return cls(none, none, none.astype(np.float64), histories.n_items)
        bought = held & facts["converted"].to_numpy()
        dwell = facts["dwell"].to_numpy()
        some = held & ~np.isnan(dwell)
        stayed, at = np.unique(pairs[some], return_inverse=True)
        return cls(
            np.unique(pairs[bought]),
            stayed,
            np.bincount(at, dwell[some]).astype(np.float64),
            histories.n_items,
        )

    def converted(self, found: Lessons) -> NDArray[np.bool_]:
        """Which candidates were converted, shape (q, c)."""
        return np.isin(self._keys(found), self.pairs) & found.asked.present

    def dwell(self, found: Lessons) -> NDArray[np.float64]:
        """Seconds that the user stayed with each candidate, shape (q, c), NaN for unknown."""
        keys = self._keys(found)
        if not len(self.stayed):
            return np.full(keys.shape, np.nan)
        at = np.minimum(np.searchsorted(self.stayed, keys), len(self.stayed) - 1)
        return np.where((self.stayed[at] == keys) & found.asked.present, self.seconds[at], np.nan)

    def _keys(self, found: Lessons) -> NDArray[np.int64]:
        return found.users[:, None] * np.int64(self.n_items) + found.asked.items


def _as_one(parts: Sequence[Asked]) -> Asked:
    """Queries of several batches as one."""
    histories = [part.histories for part in parts]
    lengths = np.concatenate([each.lengths for each in histories])
    times = [each.times for each in histories if each.times is not None]

    def column(values: Sequence[NDArray[Any] | None]) -> Any:  # noqa: ANN401 - as its arguments
        known = [value for value in values if value is not None]
        return np.concatenate(known) if len(known) == len(values) else None

    return Asked(
        Histories(
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            np.concatenate([each.items for each in histories]),
            np.concatenate([each.weights for each in histories]),
            histories[0].n_items,
            np.concatenate(times) if times else None,
            histories[0].ordered,
        ),
        np.concatenate([part.items for part in parts]),
        {name: np.concatenate([p.sources[name] for p in parts]) for name in parts[0].sources},
        column([part.now for part in parts]),
        column([part.places for part in parts]),
        column([part.shown for part in parts]),
        tuple(context for part in parts for context in part.context),
    )
