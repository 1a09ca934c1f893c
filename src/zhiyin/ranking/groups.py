"""Rows that belong to queries: sums, orders and pairs within a query, for all queries at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import RowPointers

Reals = NDArray[np.float64]
Places = NDArray[np.int64]
_Kind = TypeVar("_Kind", bound=np.generic)

PAIRS_AT_ONCE = 1 << 20
"""Pairs that exist at one time: some 50 MB with everything that is computed from them."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Rows grouped by query; queries without rows are passed over.

    Attributes:
        starts: First row of each query that has rows, int64 of shape (g,).
        lengths: Rows of each, int64 of shape (g,), all above 0.
    """

    starts: Places
    lengths: Places

    @property
    def ends(self) -> Places:
        """One past the last row of each query, shape (g,)."""
        return self.starts + self.lengths

    @property
    def rows(self) -> int:
        """All rows."""
        return int(self.lengths.sum())

    def spread(self, values: NDArray[_Kind]) -> NDArray[_Kind]:
        """A value per query, shape (g,), as one per row, shape (rows,)."""
        return np.repeat(values, self.lengths)

    def sums(self, values: Reals) -> Reals:
        """Sum over each query's rows: (rows,) to (g,)."""
        return np.add.reduceat(values, self.starts) if len(self.starts) else np.zeros(0)

    def largest(self, values: Reals) -> Reals:
        """Maximum over each query's rows: (rows,) to (g,)."""
        return np.maximum.reduceat(values, self.starts) if len(self.starts) else np.zeros(0)

    def softmax(self, values: Reals) -> Reals:
        """exp(value) over its sum within the query, shape (rows,)."""
        powers: Reals = np.exp(values - self.spread(self.largest(values)))
        return powers / self.spread(self.sums(powers))

    def descending(self, values: Reals) -> Places:
        """Rows in order of query, then from the largest value; ties as they lie."""
        return np.lexsort((-values, self.spread(np.arange(len(self.starts)))))

    def places(self) -> Places:
        """Place of each row in its query, from 0, shape (rows,)."""
        return np.arange(self.rows) - self.spread(self.starts)


def groups_of(indptr: RowPointers) -> Groups:
    """The groups behind row pointers that begin at 0, shape (queries + 1,)."""
    lengths = np.diff(indptr).astype(np.int64)
    filled = lengths > 0
    return Groups(indptr[:-1][filled].astype(np.int64), lengths[filled])


def ranges_as_pairs(
    begins: Places, ends: Places, *, at_once: int = PAIRS_AT_ONCE
) -> Iterator[tuple[Places, Places]]:
    """Pairs of every i with every j in begins[i] .. ends[i] - 1, in chunks.

    Args:
        begins: First partner of each i, shape (m,).
        ends: One past its last partner, not below ``begins``, shape (m,).
        at_once: Size of a chunk, which ends after the i that fills it.

    Yields:
        Two int64 arrays of equal length, i and j.
    """
    counts = ends - begins
    total = np.concatenate([[0], np.cumsum(counts)])
    marks = np.arange(at_once, int(total[-1]) + at_once, at_once)
    stops = np.unique(np.searchsorted(total, marks).clip(max=len(counts)))
    first = 0
    for stop in map(int, stops):
        count = counts[first:stop]
        left: Places = np.repeat(np.arange(first, stop), count)
        within = np.arange(len(left)) - np.repeat(total[first:stop] - total[first], count)
        yield left, np.repeat(begins[first:stop], count) + within
        first = stop
