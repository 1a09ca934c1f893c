"""How well lists find the test items of their query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats, Histories, ItemIndices

PerQuery = NDArray[np.float64]
"""One value per query, shape (q,); NaN for a query without a test item."""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Where in q lists the test items stand.

    Attributes:
        found: Whether the item in this place is a test item, bool of shape (q, n).
        relevant: Test items per query, int64 of shape (q,).
    """

    found: NDArray[np.bool_]
    relevant: NDArray[np.int64]


def hits(lists: ItemIndices, test: Histories) -> Hits:
    """Marks the test items in ranked lists.

    Args:
        lists: Item indices, best first, shape (q, n); below 0 where a list is shorter. A
            list names no item twice.
        test: The test items of the same q queries; none twice in a row.
    """
    width = np.int64(max(test.n_items, int(lists.max(initial=-1)) + 1))
    wanted = np.sort(test.rows * width + test.items)
    asked = np.arange(len(lists), dtype=np.int64)[:, None] * width + lists
    if not len(wanted):
        return Hits(np.zeros(lists.shape, dtype=np.bool_), test.lengths)
    at = np.minimum(np.searchsorted(wanted, asked), len(wanted) - 1)
    return Hits((wanted[at] == asked) & (lists >= 0), test.lengths)


def hit_rate(hits: Hits, k: int) -> PerQuery:
    """1 where any test item is among the first k, else 0."""
    return _defined(hits, np.minimum(_count(hits, k), 1.0))


def precision(hits: Hits, k: int) -> PerQuery:
    """Hits among the first k, divided by k even where the list is shorter."""
    return _defined(hits, _count(hits, k) / k)


def recall(hits: Hits, k: int) -> PerQuery:
    """Hits among the first k, divided by the number of test items."""
    return _defined(hits, _count(hits, k) / np.maximum(hits.relevant, 1))


def ndcg(hits: Hits, k: int) -> PerQuery:
    """Discounted gain over that of an ideal list with min(k, test items) hits.

    Binary gains, discount 1 / log2(place + 1) (Järvelin and Kekäläinen, TOIS 2002).
    """
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    gains = hits.found[:, :k] @ discounts[: hits.found.shape[1]]
    ideals = np.concatenate([[1.0], np.cumsum(discounts)])
    return _defined(hits, gains / ideals[np.minimum(hits.relevant, k)])


def average_precision(hits: Hits, k: int) -> PerQuery:
    """Precision at each hit, summed and divided by min(k, test items); its mean is MAP@k."""
    found = hits.found[:, :k]
    so_far = np.cumsum(found, axis=1, dtype=np.float64)
    at_place = so_far / _places(found.shape[1])
    return _defined(hits, (at_place * found).sum(axis=1) / np.clip(hits.relevant, 1, k))


def reciprocal_rank(hits: Hits, k: int) -> PerQuery:
    """1 / place of the first hit among the first k, 0 without one; its mean is MRR@k."""
    found = hits.found[:, :k]
    if not found.shape[1]:
        return _defined(hits, np.zeros(len(found)))
    first = 1.0 / (found.argmax(axis=1) + 1)
    return _defined(hits, np.where(found.any(axis=1), first, 0.0))


RANKING: dict[str, Callable[[Hits, int], PerQuery]] = {
    "hr": hit_rate,
    "recall": recall,
    "ndcg": ndcg,
    "precision": precision,
    "map": average_precision,
    "mrr": reciprocal_rank,
}
"""The metrics that need only a list and a cut-off, by the name that reports use."""


def ranking_metrics(
    lists: ItemIndices, test: Histories, *, ks: Sequence[int]
) -> dict[str, PerQuery]:
    """Every metric of `RANKING` at every cut-off, as ``{"hr@10": values of shape (q,), …}``."""
    marked = hits(lists, test)
    return {f"{name}@{k}": metric(marked, k) for name, metric in RANKING.items() for k in ks}


def auc(scores: Floats, test: Histories) -> PerQuery:
    """Probability that a test item outranks another candidate; ties count half.

    Args:
        scores: float32 of shape (q, n); -inf bars an item, which is then no candidate.
        test: The test items of the same q queries.

    Returns:
        Shape (q,); NaN also where every candidate is a test item.
    """
    values = np.full(len(scores), np.nan)
    ordered = np.sort(scores, axis=1)
    barred = (ordered == -np.inf).sum(axis=1)
    for row in np.flatnonzero(test.lengths):
        wanted = test.items[test.indptr[row] : test.indptr[row + 1]]
        own: Floats = scores[row, wanted]
        own = own[own > -np.inf]
        others = scores.shape[1] - int(barred[row]) - len(own)
        if not len(own) or not others:
            continue
        below = _total(np.searchsorted(ordered[row], own, side="left"))
        up_to = _total(np.searchsorted(ordered[row], own, side="right"))
        # Mean ranks of the test items (from 1), less the ranks they take among themselves.
        ranks = (below + up_to + len(own)) / 2 - len(own) * int(barred[row])
        values[row] = (ranks - len(own) * (len(own) + 1) / 2) / (len(own) * others)
    return values


def _count(hits: Hits, k: int) -> PerQuery:
    return hits.found[:, :k].sum(axis=1, dtype=np.float64)


def _total(values: NDArray[np.intp]) -> int:
    return int(values.sum())


def _places(n: int) -> NDArray[np.float64]:
    return np.arange(1, n + 1, dtype=np.float64)


def _defined(hits: Hits, values: PerQuery) -> PerQuery:
    return np.where(hits.relevant > 0, values, np.nan)
