"""Small random logs, and their rows by hand, for oracles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats, Histories, histories_from_columns
from zhiyin.core.protocols import Retriever


def random_log(
    seed: int = 0, *, q: int = 60, n: int = 25, events: int = 500, weighted: bool = False
) -> Histories:
    """Skewed items, random users, in order, with repeats.

    Args:
        seed: Of the draws.
        q: Users.
        n: Items.
        events: Events.
        weighted: Whether weights are 0.5, 1 or 2 rather than 1.
    """
    rng = np.random.default_rng(seed)
    weights = rng.choice([0.5, 1.0, 2.0], events) if weighted else np.ones(events)
    return histories_from_columns(
        rng.integers(0, q, events),
        np.minimum(rng.geometric(0.12, events) - 1, n - 1),
        weights,
        n_users=q,
        n_items=n,
        order=np.arange(events),
    )


def history(items: list[int], n: int, weights: list[float] | None = None) -> Histories:
    """One row."""
    return histories_from_columns(
        np.zeros(len(items), int),
        np.array(items, int),
        np.array(weights or [1.0] * len(items)),
        n_users=1,
        n_items=n,
        order=np.arange(len(items)),
    )


def fit(model: Any, histories: Histories, *, seed: int = 0, **more: Any) -> Any:  # noqa: ANN401 - any retriever, with its own attributes
    """Trains a model; further arguments go to `TrainingData`."""
    data = TrainingData(histories, **more)
    return model.fit(data, rng=np.random.default_rng(seed), deadline=Deadline(60))


def scores_of(model: Retriever, histories: Histories) -> Floats:
    """Scores for people that training did not know."""
    return model.score(Queries(histories, np.full(len(histories), -1, np.int32)))


def dense(histories: Histories, decay: float | None = None) -> NDArray[np.float64]:
    """Rows by hand, in double precision: of repeats the largest stays."""
    rows = np.zeros((len(histories), histories.n_items))
    for u in range(len(histories)):
        places = range(int(histories.indptr[u]), int(histories.indptr[u + 1]))
        for age, place in enumerate(reversed(places)):
            value = float(histories.weights[place])
            value *= np.exp(-age / decay) if decay else 1.0
            if abs(value) > abs(rows[u, histories.items[place]]):
                rows[u, histories.items[place]] = value
    return rows
