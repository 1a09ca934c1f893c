"""What features are computed from: candidates, and what is known when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats, Histories, ItemIndices, Milliseconds

ABSENT = -1
"""Stands where a list of candidates is shorter than the longest."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Candidates of q queries, c places each.

    Attributes:
        histories: What each user had done by then, q rows.
        items: int32 of shape (q, c), -1 where a list is shorter.
        sources: What each retriever says, by name, float32 of shape (q, c); "blend" is all
            of them together.
        now: When each was asked, milliseconds of shape (q,); None where times are unknown.
        places: The place at which each candidate was shown, the first being 1, float32 of
            shape (q, c), for learning from slates; None when a slate is being made: then
            nothing has a place yet.
        shown: How often each candidate was shown to the user without an answer, float32 of
            shape (q, c); None where nobody kept count.
        context: What each query told of its moment (device, place, surface, query, hour,
            weekday; see `zhiyin.ranking.features.moment`), q of them; empty: nothing was told.
    """

    histories: Histories
    items: ItemIndices
    sources: dict[str, Floats]
    now: Milliseconds | None = None
    places: Floats | None = None
    shown: Floats | None = None
    context: tuple[Mapping[str, Any], ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Queries, and places."""
        q, c = self.items.shape
        return q, c

    @property
    def present(self) -> NDArray[np.bool_]:
        """Where there is a candidate, bool of shape (q, c)."""
        return self.items >= 0

    def take(self, rows: slice) -> Asked:
        """Some of the queries."""

        def part(array: Floats | None) -> Floats | None:
            return None if array is None else array[rows]

        return Asked(
            self.histories.take(np.arange(len(self.items))[rows]),
            self.items[rows],
            {name: scores[rows] for name, scores in self.sources.items()},
            None if self.now is None else self.now[rows],
            part(self.places),
            part(self.shown),
            self.context[rows],
        )


def of_items(values: NDArray[np.floating], items: ItemIndices) -> Floats:
    """What an array of one value per item says of candidates; NaN of items beyond its end."""
    inside = (items >= 0) & (items < len(values))
    if bool(inside.all()):
        return values[items].astype(np.float32, copy=False)
    found = np.full(items.shape, np.nan, dtype=np.float32)
    found[inside] = values[items[inside]]
    return found


def last_times(histories: Histories) -> Milliseconds | None:
    """The moment just after the last event of each row; 0 for rows without; None without times.

    What a query is taken to have been asked at where nothing tells: a log says when
    somebody did something, seldom when they were asked.
    """
    if histories.times is None:
        return None
    moments = np.zeros(len(histories), dtype=np.int64)
    some = histories.lengths > 0
    moments[some] = histories.times[histories.indptr[1:][some] - 1] + 1
    return moments
