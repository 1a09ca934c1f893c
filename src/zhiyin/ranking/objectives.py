"""What a ranker is trained to do: losses over queries, their gradients and Hessians.

Rows are grouped by query through row pointers. All computation is in float64 and runs over all
queries at once. Each objective is also a custom objective of LightGBM: called with scores and a
data set, it returns gradients and (diagonal) Hessians by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats, RowPointers
from zhiyin.ranking.groups import Places, Reals, groups_of, ranges_as_pairs

Gain = Literal["exponential", "linear"]
"""What a label is worth: 2^label - 1, or the label."""
Target = Literal["softmax", "share"]
"""How labels become a distribution: exp(label) / sum, or label / sum."""
Pairs = tuple[Places, Places, Reals]
"""Rows that should stand higher, rows that should stand lower, and what each pair weighs."""


CustomObjective = Callable[[Reals, object], tuple[Reals, Reals]]
"""What LightGBM calls: scores and a data set in, gradients and Hessians out."""


class Objective(Protocol):
    """A loss over queries."""

    def loss(self, scores: Reals) -> float:
        """The loss of scores of shape (rows,), summed over queries."""
        ...

    def gradients(self, scores: Reals) -> tuple[Reals, Reals]:
        """Gradient and diagonal Hessian, each of shape (rows,)."""
        ...

    def __call__(self, scores: Reals, data: object = None) -> tuple[Reals, Reals]:
        """The same, as LightGBM calls it."""
        ...


def per_row(objective: Objective, indptr: RowPointers) -> CustomObjective:
    """An objective in which every query counts alike, on the scale of one term per row.

    Trees bound the sum of Hessians in a leaf from below, so that the scale is not indifferent.
    """
    lengths = np.diff(indptr)
    scale = float(lengths.sum()) / max(1, np.count_nonzero(lengths))

    def scaled(scores: Reals, data: object) -> tuple[Reals, Reals]:
        gradient, hessian = objective(scores, data)
        return scale * gradient, scale * hessian

    return scaled


def gains_of(labels: Reals | Floats, gain: Gain) -> Reals:
    """What labels are worth, float64."""
    values = np.asarray(labels, dtype=np.float64)
    return np.exp2(values) - 1.0 if gain == "exponential" else values


def discounts_of(places: Places) -> Reals:
    """1 / log2(2 + place), with places from 0 (Järvelin and Kekäläinen, TOIS 2002)."""
    return 1.0 / np.log2(places + 2.0)


class ListNetObjective:
    """ListNet with top-one probabilities (Cao et al., ICML 2007, eq. 5 and section 5).

    The loss is -sum w p log softmax(scores) over the rows of a query, with p the distribution
    that the labels stand for. ``target="share"`` leaves queries out where no label is above 0.
    Gradient T q - w p and Hessian T q (1 - q), with q = softmax(scores) and T = sum w p.

    Args:
        labels: Shape (rows,), not below 0.
        indptr: Row pointers, shape (queries + 1,).
        weights: How much each row's term counts, shape (rows,).
        target: How labels become a distribution.
    """

    def __init__(
        self,
        labels: Reals | Floats,
        indptr: RowPointers,
        *,
        weights: Reals | Floats | None = None,
        target: Target = "softmax",
    ) -> None:
        self._groups = groups_of(indptr)
        values = np.asarray(labels, dtype=np.float64)
        if target == "softmax":
            share = self._groups.softmax(values)
        else:
            total = self._groups.spread(self._groups.sums(values))
            share = np.divide(values, total, out=np.zeros_like(values), where=total > 0)
        weight = 1.0 if weights is None else np.asarray(weights, dtype=np.float64)
        self._wanted: Reals = share * weight
        self._total = self._groups.spread(self._groups.sums(self._wanted))

    def loss(self, scores: Reals) -> float:
        """Cross-entropy, summed over queries."""
        groups = self._groups
        top = groups.spread(groups.largest(scores))
        norm = np.log(groups.spread(groups.sums(np.exp(scores - top)))) + top
        return float(self._wanted @ (norm - scores))

    def gradients(self, scores: Reals) -> tuple[Reals, Reals]:
        """Gradient and diagonal Hessian by row."""
        q = self._groups.softmax(scores)
        return self._total * q - self._wanted, self._total * q * (1.0 - q)

    def __call__(self, scores: Reals, data: object = None) -> tuple[Reals, Reals]:
        """As LightGBM calls it."""
        return self.gradients(scores)


class PairwiseObjective:
    """Logistic loss over pairs of a query with different labels (RankNet; Burges 2010, section 2).

    The loss is sum w log(1 + exp(-sigma (s_i - s_j))) over pairs where i has the higher label; w
    is the weight of i. With ``per_query`` it is divided by the number of the query's pairs, so
    that queries with many do not drown the others.

    Args:
        labels: Shape (rows,).
        indptr: Row pointers, shape (queries + 1,).
        weights: Weight of each row, shape (rows,).
        sigma: Steepness of the logistic function.
        per_query: Whether every query counts the same.
    """

    def __init__(
        self,
        labels: Reals | Floats,
        indptr: RowPointers,
        *,
        weights: Reals | Floats | None = None,
        sigma: float = 1.0,
        per_query: bool = False,
    ) -> None:
        groups = groups_of(indptr)
        values = np.asarray(labels, dtype=np.float64)
        self._sigma = sigma
        self._order = groups.descending(values)
        ordered = values[self._order]
        # A row's partners begin where the run of labels equal to its own ends.
        last = np.zeros(len(values), dtype=np.bool_)
        last[:-1] = ordered[1:] != ordered[:-1]
        last[groups.ends - 1] = True
        runs = np.flatnonzero(last) + 1
        self._begins = runs[np.searchsorted(runs, np.arange(len(values)), side="right")]
        self._ends = groups.spread(groups.ends)
        weight = np.ones(len(values)) if weights is None else np.asarray(weights, np.float64)
        self._weights = weight[self._order]
        if per_query:
            count = groups.sums((self._ends - self._begins).astype(np.float64))
            self._weights = self._weights / groups.spread(np.maximum(count, 1.0))

    def pairs(self) -> Iterator[Pairs]:
        """All pairs, in chunks."""
        for left, right in ranges_as_pairs(self._begins, self._ends):
            yield self._order[left], self._order[right], self._weights[left]

    def loss(self, scores: Reals) -> float:
        """The logistic loss, summed over pairs."""
        return sum(_pair_loss(scores, pairs, self._sigma) for pairs in self.pairs())

    def gradients(self, scores: Reals) -> tuple[Reals, Reals]:
        """Gradient and diagonal Hessian by row."""
        return _pair_gradients(scores, self.pairs(), self._sigma)

    def __call__(self, scores: Reals, data: object = None) -> tuple[Reals, Reals]:
        """As LightGBM calls it."""
        return self.gradients(scores)


class LambdaRankObjective:
    """LambdaRank with NDCG (Burges, "From RankNet to LambdaRank to LambdaMART", 2010, eq. 6).

    The gradient is that of sum w |delta NDCG_ij| log(1 + exp(-sigma (s_i - s_j))) over pairs where
    i has the higher label, while the changes of NDCG are held as they are at ``scores``: it has
    no loss of its own. As in LightGBM, ``truncation`` cuts pairs of which neither stands among
    the first so many, and the ideal; discounts go on below it, so that it matters how deep the
    lower one lies. Ties stand in the order of the rows.

    Args:
        labels: Shape (rows,), not below 0.
        indptr: Row pointers, shape (queries + 1,).
        weights: Weight of each row; that of the better one counts for a pair. Shape (rows,).
        truncation: How many first places matter.
        sigma: Steepness of the logistic function.
        gain: What a label is worth.
        normalise: As LightGBM does by default: changes of NDCG are divided by 0.01 + |s_i - s_j|,
            then each query's gradients by their sum and multiplied by log2(1 + sum).
    """

    def __init__(
        self,
        labels: Reals | Floats,
        indptr: RowPointers,
        *,
        weights: Reals | Floats | None = None,
        truncation: int = 13,
        sigma: float = 1.0,
        gain: Gain = "exponential",
        normalise: bool = False,
    ) -> None:
        self._groups = groups = groups_of(indptr)
        self._gains = gains_of(labels, gain)
        self._weights = None if weights is None else np.asarray(weights, dtype=np.float64)
        self._truncation, self._sigma, self._normalise = truncation, sigma, normalise
        places = groups.places()
        self._discounts = discounts_of(places)
        best = self._gains[groups.descending(self._gains)]
        ideal = groups.sums(np.where(places < truncation, best * self._discounts, 0.0))
        self._inverse = np.divide(1.0, ideal, out=np.zeros_like(ideal), where=ideal > 0)
        self._top = np.flatnonzero(places < truncation)

    def pairs(self, scores: Reals) -> Iterator[Pairs]:
        """All pairs with their changes of NDCG at these scores, in chunks."""
        order = self._groups.descending(scores)
        flat = self._groups.largest(scores) == -self._groups.largest(-scores)
        inverse, flat = self._groups.spread(self._inverse), self._groups.spread(flat)
        ends = self._groups.spread(self._groups.ends)[self._top]
        for at, lower in ranges_as_pairs(self._top + 1, ends):
            upper = self._top[at]
            a, b = order[upper], order[lower]
            change = self._gains[a] - self._gains[b]
            apart = self._discounts[upper] - self._discounts[lower]
            weight = np.abs(change) * apart * inverse[upper]
            if self._normalise:
                far = 0.01 + np.abs(scores[a] - scores[b])
                weight = np.where(flat[upper], weight, weight / far)
            differ = weight > 0
            a, b, change, weight = a[differ], b[differ], change[differ], weight[differ]
            better, worse = np.where(change > 0, a, b), np.where(change > 0, b, a)
            yield better, worse, weight if self._weights is None else weight * self._weights[better]

    def loss(self, scores: Reals, *, at: Reals | None = None) -> float:
        """The surrogate, with the changes of NDCG held as they are at other scores.

        Without ``normalise`` its gradient by ``scores``, where both are equal, is that of
        `gradients`.

        Args:
            scores: Shape (rows,).
            at: The scores at which changes of NDCG are taken; ``scores`` where None.
        """
        held = scores if at is None else at
        return sum(_pair_loss(scores, pairs, self._sigma) for pairs in self.pairs(held))

    def gradients(self, scores: Reals) -> tuple[Reals, Reals]:
        """Gradient and diagonal Hessian by row."""
        gradient, hessian = _pair_gradients(scores, self.pairs(scores), self._sigma)
        if not self._normalise:
            return gradient, hessian
        total = self._groups.sums(self._magnitudes(scores))
        factor = np.divide(np.log2(1.0 + total), total, out=np.ones_like(total), where=total > 0)
        scale = self._groups.spread(factor)
        return gradient * scale, hessian * scale

    def _magnitudes(self, scores: Reals) -> Reals:
        """By row, the sum of the absolute gradients of its pairs."""
        sums = np.zeros(len(scores))
        for better, worse, weight in self.pairs(scores):
            size = weight * self._sigma * _wrong(scores, better, worse, self._sigma)
            sums += np.bincount(better, size, len(scores)) + np.bincount(worse, size, len(scores))
        return sums

    def __call__(self, scores: Reals, data: object = None) -> tuple[Reals, Reals]:
        """As LightGBM calls it."""
        return self.gradients(scores)


def _wrong(scores: Reals, better: Places, worse: Places, sigma: float) -> Reals:
    """The probability that the model gives to the wrong order of a pair."""
    margin = sigma * (scores[better] - scores[worse])
    power = np.exp(-np.abs(margin))
    wrong: NDArray[np.float64] = np.where(margin > 0, power, 1.0) / (1.0 + power)
    return wrong


def _pair_loss(scores: Reals, pairs: Pairs, sigma: float) -> float:
    better, worse, weight = pairs
    return float(weight @ np.logaddexp(0.0, -sigma * (scores[better] - scores[worse])))


def _pair_gradients(scores: Reals, chunks: Iterator[Pairs], sigma: float) -> tuple[Reals, Reals]:
    rows = len(scores)
    gradient, hessian = np.zeros(rows), np.zeros(rows)
    for better, worse, weight in chunks:
        wrong = _wrong(scores, better, worse, sigma)
        first = sigma * weight * wrong
        second = sigma * first * (1.0 - wrong)
        gradient += np.bincount(worse, first, rows) - np.bincount(better, first, rows)
        hessian += np.bincount(worse, second, rows) + np.bincount(better, second, rows)
    return gradient, hessian
