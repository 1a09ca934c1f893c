"""Exact top-k with one rule for ties, in chunks that bound memory.

Sorting whole rows is most of the cost of a recommendation, and almost all of a row cannot
reach the list. So a lower bound of the k-th best score is found first from the maxima of
interleaved blocks, the few scores at or above it are kept, and only those are ordered
exactly, as integers that hold score and tie rank together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats, Histories, ItemIndices

EMPTY = np.int32(-1)
"""Stands in the item column of a list that has run out of items."""

_LIFT = np.int64(1) << np.int64(31)
_LAST = np.int64(2**63 - 1)
"""Above the key of every finite score."""
_BLOCK = 16
"""Scores per block; the bound comes from n / _BLOCK maxima."""
_ROWS = 1024
"""Rows ordered at a time, so that temporaries stay small."""
_LOWEST = np.float32(-3.4028234663852886e38)


@dataclass(frozen=True, slots=True, eq=False)
class TopK:
    """The best items of q queries, best first.

    Attributes:
        items: int32 of shape (q, k); ``EMPTY`` where fewer than k items can be ranked.
        scores: float32 of shape (q, k); -inf where ``items`` is ``EMPTY``.
    """

    items: ItemIndices
    scores: Floats


def top_k(scores: Floats, *, k: int, tie_order: NDArray[np.int32]) -> TopK:
    """The k best items of each row, ties by ``tie_order`` (smaller first).

    Args:
        scores: float32 of shape (q, n); -inf (or NaN) bars an item.
        k: List length; may exceed n.
        tie_order: A permutation of 0..n-1, shape (n,).

    Returns:
        Lists of shape (q, min(k, n)).
    """
    scores = np.asarray(scores, dtype=np.float32)
    q, n = scores.shape
    k = max(0, min(k, n))
    items = np.full((q, k), EMPTY, dtype=np.int32)
    best = np.full((q, k), -np.inf, dtype=np.float32)
    for start in range(0, q if k else 0, _ROWS):
        part = scores[start : start + _ROWS]
        flat = np.flatnonzero(part >= _lower_bound(part, k)[:, None])
        rows, cols = np.divmod(flat, n)
        values = part[rows, cols]
        if len(part) == 1:
            order = np.lexsort((tie_order[cols], -values))[:k]
            items[start, : len(order)] = cols[order]
            best[start, : len(order)] = values[order]
        else:
            rows, places, order = _ordered(rows, values, tie_order[cols], len(part), k)
            items[start + rows, places] = cols[order]
            best[start + rows, places] = values[order]
    return TopK(items, best)


def _lower_bound(scores: Floats, k: int) -> Floats:
    """A finite value per row that at least k scores reach, where k scores are finite.

    The k-th largest maximum of disjoint blocks is one: k blocks each hold a score as large.
    """
    q, n = scores.shape
    blocks = n // _BLOCK
    if n < 4 * k:
        return np.full((int(q),), _LOWEST, dtype=np.float32)
    if blocks < max(2 * k, _BLOCK):  # the uneven rest must fit beside the maxima
        maxima = np.fmax(scores, _LOWEST)
    else:
        even = blocks * _BLOCK
        maxima = np.fmax.reduce(scores[:, :even].reshape(q, _BLOCK, blocks), axis=1)
        maxima[:, : n - even] = np.fmax(maxima[:, : n - even], scores[:, even:])
        np.fmax(maxima, _LOWEST, out=maxima)
    place = maxima.shape[1] - k
    bound: Floats = np.partition(maxima, place, axis=1)[:, place]
    return bound


def _ordered(
    rows: NDArray[np.int64], values: Floats, ties: NDArray[np.int32], q: int, k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The k best of each row among flat candidates, grouped by row.

    Returns:
        The row and the place in its list, and which candidate stands there.
    """
    starts = np.searchsorted(rows, np.arange(q + 1))
    width = max(k, int(np.diff(starts).max()))
    keys = np.full((q, width), _LAST)
    keys[rows, np.arange(len(rows)) - starts[rows]] = ties - _sortable(values) * _LIFT
    if width > 4 * k:
        part = np.argpartition(keys, k, axis=1)[:, :k]
        part = np.take_along_axis(part, np.take_along_axis(keys, part, 1).argsort(axis=1), 1)
    else:
        part = keys.argsort(axis=1)[:, :k]
    filled, places = np.nonzero(np.take_along_axis(keys, part, 1) != _LAST)
    return filled, places, starts[filled] + part[filled, places]


def _sortable(scores: Floats) -> NDArray[np.int64]:
    """Integers within 32 bits that order as the floats do; -0.0 equals 0.0."""
    bits = (scores + np.float32(0.0)).view(np.int32).astype(np.int64)
    return np.where(bits >= 0, bits, np.int64(-(2**31)) - bits)


def bar(scores: Floats, seen: Histories) -> None:
    """Sets the score of every item in a row's history to -inf, in place.

    Args:
        scores: float32 of shape (q, n), C-contiguous.
        seen: Histories of the same q rows.
    """
    n = scores.shape[1]
    rows, items = seen.rows, seen.items
    if seen.n_items > n:
        inside = items < n
        rows, items = rows[inside], items[inside]
    scores[rows, items] = -np.inf


def chunks(total: int, *, width: int, budget_bytes: int = 64 * 2**20) -> Iterator[slice]:
    """Slices of 0..total whose float32 rows of ``width`` columns fit the budget."""
    step = max(1, budget_bytes // max(1, 4 * width))
    for start in range(0, total, step):
        yield slice(start, min(start + step, total))
