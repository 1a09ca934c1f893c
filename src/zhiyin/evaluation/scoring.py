"""Asks a model for everybody's list and measures it, in memory that does not grow with both."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.candidates import Queries
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats, Histories, ItemIndices
from zhiyin.core.metrics import (
    auc,
    concentration,
    coverage,
    diversity,
    exposure,
    novelty,
    ranking_metrics,
)
from zhiyin.core.threads import one_blas_thread
from zhiyin.core.topk import bar, chunks, top_k

ScoreFunction = Callable[[Queries], Floats]
"""Scores of shape (q, n_items), float32, for q queries; the caller may write into them."""

_CHUNK_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """What measuring needs to know of the items.

    Attributes:
        tie_order: How ties are broken, int32 of shape (n_items,).
        training_users: Users per item, shape (n_items,).
        n_users: All training users.
        vectors: What the items are, shape (n_items, d), for diversity; None for no such
            figure.
    """

    tie_order: NDArray[np.int32]
    training_users: NDArray[np.integer]
    n_users: int
    vectors: csr_matrix | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """How good one model's lists are.

    Attributes:
        rows: The queries that have a test item, int64 of shape (users,).
        per_user: Values by metric, such as "ndcg@10", each of shape (users,).
        of_lists: Figures of all lists together: coverage and Gini, by metric.
        recommend_s: Seconds spent on scores and lists, without measuring.
    """

    rows: NDArray[np.int64]
    per_user: dict[str, NDArray[np.float64]]
    of_lists: dict[str, float]
    recommend_s: float

    @property
    def metrics(self) -> dict[str, float]:
        """Every figure: means over users, and those of the lists together."""
        means = {name: _mean(values) for name, values in self.per_user.items()}
        return means | self.of_lists


@dataclass(slots=True)
class _Measured:
    """What is gathered chunk by chunk."""

    per_user: dict[str, list[NDArray[np.float64]]] = field(
        default_factory=dict[str, list[NDArray[np.float64]]]
    )
    exposures: dict[int, NDArray[np.int64]] = field(default_factory=dict[int, NDArray[np.int64]])

    def add(self, values: dict[str, NDArray[np.float64]]) -> None:
        for name, column in values.items():
            self.per_user.setdefault(name, []).append(column)

    def expose(self, lists: ItemIndices, k: int, n_items: int) -> None:
        shown = exposure(lists, k=k, n_items=n_items)
        self.exposures[k] = self.exposures.get(k, 0) + shown


def evaluate_scorer(
    score: ScoreFunction,
    queries: Queries,
    test: Histories,
    *,
    ks: Sequence[int],
    catalogue: Catalogue,
    allowed: NDArray[np.bool_] | None = None,
) -> Evaluation:
    """Ranks the whole catalogue for every query with a test item, and measures the lists.

    Items of a query's history are no candidates. The test items are read only once the
    lists of their chunk stand. Chunks are ranked side by side, one per core.

    Args:
        score: The model.
        queries: The users as they stood before the test, q rows.
        test: What to find, q rows; no item twice in a row, none of the row's history.
        ks: Cut-offs.
        catalogue: What measuring needs to know of the items.
        allowed: Which items are candidates, bool of shape (n_items,); None for all.
    """
    rows = np.flatnonzero(test.lengths)
    measured, spent = _Measured(), 0.0
    n_items = test.n_items

    def ranked(part: slice) -> tuple[Floats, ItemIndices]:
        asked = queries.take(rows[part])
        scores = np.require(score(asked), dtype=np.float32, requirements=["C", "W"])
        bar(scores, asked.histories)
        if allowed is not None:
            scores[:, ~allowed] = -np.inf
        return scores, top_k(scores, k=max(ks), tie_order=catalogue.tie_order).items

    threads = os.cpu_count() or 1
    parts = list(chunks(len(rows), width=n_items, budget_bytes=_CHUNK_BYTES))
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(parts), threads):
            clock = Deadline(float("inf"))
            with one_blas_thread():
                answers = list(pool.map(ranked, parts[start : start + threads]))
            spent += clock.spent
            for part, (scores, lists) in zip(parts[start:], answers, strict=False):
                wanted = test.take(rows[part])
                measured.add(ranking_metrics(lists, wanted, ks=ks))
                measured.add({"auc": auc(scores, wanted)})
                for k in ks:
                    measured.add(_beyond(lists, k, catalogue))
                    measured.expose(lists, k, n_items)
    return Evaluation(
        rows,
        {name: np.concatenate(columns) for name, columns in measured.per_user.items()},
        _of_lists(measured.exposures, allowed),
        spent,
    )


def _beyond(lists: ItemIndices, k: int, catalogue: Catalogue) -> dict[str, NDArray[np.float64]]:
    users, n_users = catalogue.training_users, catalogue.n_users
    values = {f"novelty@{k}": novelty(lists, users, k=k, n_users=n_users)}
    if catalogue.vectors is not None:
        values[f"diversity@{k}"] = diversity(lists, catalogue.vectors, k=k)
    return values


def _of_lists(
    exposures: dict[int, NDArray[np.int64]], allowed: NDArray[np.bool_] | None
) -> dict[str, float]:
    figures: dict[str, float] = {}
    for k, shown in exposures.items():
        among = shown if allowed is None else shown[allowed]
        figures[f"coverage@{k}"] = coverage(among)
        figures[f"gini@{k}"] = concentration(among)
    return figures


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
