"""NDCG of scored rows with graded labels, by query."""

from __future__ import annotations

import numpy as np

from zhiyin.core.histories import Floats, RowPointers
from zhiyin.core.metrics import ranking
from zhiyin.ranking.groups import Reals, groups_of
from zhiyin.ranking.objectives import Gain, discounts_of, gains_of


def graded_ndcg(
    scores: Reals | Floats,
    labels: Reals | Floats,
    indptr: RowPointers,
    *,
    k: int,
    gain: Gain = "exponential",
) -> ranking.PerQuery:
    """Discounted gain of the first k over that of the best order of the same rows.

    Rows with equal scores share the mean discount of the places that they take (McSherry and
    Najork, ECIR 2008): the value is the expectation over their random order.

    Args:
        scores: Shape (rows,), finite.
        labels: Shape (rows,), not below 0.
        indptr: Row pointers, shape (queries + 1,).
        k: Cut-off.
        gain: What a label is worth.

    Returns:
        Shape (queries,), 0..1; NaN for a query in which no label is above 0.
    """
    groups = groups_of(indptr)
    values = np.asarray(scores, dtype=np.float64)
    gains = gains_of(labels, gain)
    places = groups.places()
    discounts = np.where(places < k, discounts_of(places), 0.0)
    order = groups.descending(values)
    ordered = values[order]
    new = np.ones(len(values), dtype=np.bool_)
    new[1:] = (ordered[1:] != ordered[:-1]) | (places[1:] == 0)
    begins = np.flatnonzero(new)
    sizes = np.diff(np.append(begins, len(values)))
    if len(begins):
        discounts_met = np.repeat(np.add.reduceat(discounts, begins) / sizes, sizes)
    else:
        discounts_met = discounts
    reached = groups.sums(gains[order] * discounts_met)
    ideal = groups.sums(gains[groups.descending(gains)] * discounts)
    result = np.full(len(indptr) - 1, np.nan)
    share = np.divide(reached, ideal, out=np.full_like(ideal, np.nan), where=ideal > 0)
    result[np.diff(indptr) > 0] = share
    return result
