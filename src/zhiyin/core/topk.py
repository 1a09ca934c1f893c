"""Exact top-k with one rule for ties, in chunks that bound memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats, Histories, ItemIndices

EMPTY = np.int32(-1)
"""Stands in the item column of a list that has run out of items."""

_LIFT = np.int64(1) << np.int64(31)


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
    n = scores.shape[1]
    k = min(k, n)
    keys = _sortable(scores) * _LIFT + (n - 1 - tie_order.astype(np.int64))
    if k < n:
        part = np.argpartition(keys, n - k, axis=1)[:, n - k :]
        inner = np.argsort(-np.take_along_axis(keys, part, axis=1), axis=1)
        items = np.take_along_axis(part, inner, axis=1)
    else:
        items = np.argsort(-keys, axis=1)
    best = np.take_along_axis(scores, items, axis=1)
    barred = ~(best > -np.inf)
    return TopK(
        np.where(barred, EMPTY, items).astype(np.int32),
        np.where(barred, -np.inf, best).astype(np.float32),
    )


def _sortable(scores: Floats) -> NDArray[np.int64]:
    """Integers that order as the floats do; NaN sorts with -inf."""
    clean = np.where(np.isnan(scores), np.float32(-np.inf), scores.astype(np.float32)) + 0.0
    bits = clean.astype(np.float32).view(np.int32).astype(np.int64)
    return np.where(bits >= 0, bits, np.int64(-(2**31)) - bits)


def bar(scores: Floats, seen: Histories) -> None:
    """Sets the score of every item in a row's history to -inf, in place.

    Args:
        scores: float32 of shape (q, n).
        seen: Histories of the same q rows.
    """
    inside = seen.items < scores.shape[1]
    scores[seen.rows[inside], seen.items[inside]] = -np.inf


def chunks(total: int, *, width: int, budget_bytes: int = 64 * 2**20) -> Iterator[slice]:
    """Slices of 0..total whose float32 rows of ``width`` columns fit the budget."""
    step = max(1, budget_bytes // max(1, 4 * width))
    for start in range(0, total, step):
        yield slice(start, min(start + step, total))
