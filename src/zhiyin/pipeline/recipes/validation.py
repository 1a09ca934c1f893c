"""The part of the training rows that choices are judged on, and the judge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import Queries
from zhiyin.core.errors import NotEnoughDataError
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.topk import bar
from zhiyin.data.dataset import Dataset

MAX_QUERIES = 2_000
"""Users that choices are judged on, at most."""
_MAX_CELLS = 16_000_000
"""Queries x items that one member's validation scores may take."""


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """A sample of users with held-out items.

    Attributes:
        train: What candidates are fitted on: every user, without the held-out events.
        queries: The sampled users' histories in ``train``.
        truth: The sampled users' held-out items.
        held: Every user's held-out items, a row per user.
        k: Cut-off of the goal, NDCG@k.
        tail: Whether the held-out event is each user's last: the task is what comes next,
            not what is missing.
    """

    train: Histories
    queries: Queries
    truth: Histories
    held: Histories
    k: int
    tail: bool


def hold_out(dataset: Dataset, *, seed: int) -> Validation:
    """Divides the training rows of a data set for choosing.

    Args:
        dataset: All training rows; see `Dataset.validation` for what is held out.
        seed: Seed of the draws.

    Raises:
        NotEnoughDataError: Nobody has enough events for one to be held out.
    """
    divided = dataset.validation(seed=seed)
    able = np.flatnonzero((divided.test.lengths > 0) & (divided.train.lengths > 0))
    if not len(able):
        raise NotEnoughDataError("no user has two events, so nothing can be held out to choose by")
    size = min(len(able), MAX_QUERIES, max(50, _MAX_CELLS // max(1, len(dataset.items))))
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.choice(able, size=size, replace=False))
    queries = Queries(divided.train.take(sample), sample.astype(np.int32), dataset.as_of)
    tail = _holds_out_the_last(dataset)
    return Validation(
        divided.train,
        queries,
        divided.test.take(sample),
        divided.test,
        10 if tail else 20,
        tail,
    )


def _holds_out_the_last(dataset: Dataset) -> bool:
    histories, held = dataset.histories, dataset.held_out
    return histories.ordered and (held is None or not histories.from_end[held].any())


class Judge:
    """NDCG@k of score matrices over one sample of users.

    Ideal: min(k, held-out items) hits. Ties take the order of the columns, which is enough
    for choosing: reported metrics break them by item id.
    """

    def __init__(self, validation: Validation) -> None:
        self._k = validation.k
        self._seen = validation.queries.histories
        truth = validation.truth
        self._hit = np.zeros((len(truth), truth.n_items), dtype=np.bool_)
        self._hit[truth.rows, truth.items] = True
        self._discounts = (1.0 / np.log2(np.arange(2, validation.k + 2))).astype(np.float32)
        ideal = np.cumsum(self._discounts)
        self._ideal = ideal[np.minimum(truth.lengths, validation.k) - 1]

    def value(self, scores: Floats) -> float:
        """Mean NDCG@k of scores of shape (q, n_items); ``scores`` is not kept."""
        barred = scores.copy()
        bar(barred, self._seen)
        return self.mean(barred, self._hit)

    def shortlist(self, scores: list[Floats], *, size: int) -> Shortlist:
        """The columns that matter: for each query the best items of any member.

        Args:
            scores: Standardised scores of each member, each of shape (q, n_items).
            size: Columns to keep.
        """
        highest = np.maximum.reduce(scores)
        bar(highest, self._seen)
        size = min(size, highest.shape[1])
        kept = np.argpartition(-highest, size - 1, axis=1)[:, :size]
        parts = [np.take_along_axis(s, kept, axis=1) for s in scores]
        barred = np.take_along_axis(highest, kept, axis=1) == -np.inf
        hit = np.take_along_axis(self._hit, kept, axis=1)
        return Shortlist(parts, barred, hit, self)

    def mean(self, scores: Floats, hit: NDArray[np.bool_]) -> float:
        """Mean NDCG@k of scores whose hits are known, both of shape (q, columns)."""
        k = min(self._k, scores.shape[1])
        best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
        best = np.take_along_axis(best, order, axis=1)
        gained = np.take_along_axis(hit, best, axis=1) @ self._discounts[:k]
        return float((gained / self._ideal).mean())


class Shortlist:
    """Members' scores over the columns that can reach the top, for a quick search of weights.

    Attributes:
        parts: Per member, float32 of shape (q, size).
    """

    def __init__(
        self,
        parts: list[Floats],
        barred: NDArray[np.bool_],
        hit: NDArray[np.bool_],
        judge: Judge,
    ) -> None:
        self.parts = parts
        self._penalty = np.where(barred, np.float32(-np.inf), np.float32(0))
        self._hit = hit
        self._judge = judge

    def value(self, weights: NDArray[np.float64]) -> float:
        """Mean NDCG@k of the weighted sum."""
        total = self._penalty.copy()
        for weight, part in zip(weights, self.parts, strict=True):
            if weight:
                total += np.float32(weight) * part
        return self._judge.mean(total, self._hit)
