"""EASE against the formula in double precision."""

import numpy as np
import pytest

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Histories, histories_from_columns
from zhiyin.models.linear.ease import EaseConfig, EaseRetriever
from zhiyin.models.linear.solve import inverse


def log(q: int = 200, n: int = 40, events: int = 2000) -> Histories:
    rng = np.random.default_rng(0)
    return histories_from_columns(
        rng.integers(0, q, events),
        np.minimum(rng.geometric(0.08, events) - 1, n - 1),
        rng.choice([-1.0, 0.5, 1.0], events, p=[0.1, 0.3, 0.6]),
        n_users=q,
        n_items=n,
        order=np.arange(events),
    )


def fitted(histories: Histories, **settings: float) -> EaseRetriever:
    return EaseRetriever(EaseConfig(**settings)).fit(
        TrainingData(histories), rng=np.random.default_rng(0), deadline=Deadline(60)
    )


def dense(histories: Histories) -> np.ndarray:
    """Rows by hand: the largest weight of each item, negative feedback left out."""
    rows = np.zeros((len(histories), histories.n_items))
    for u, i, w in zip(histories.rows, histories.items, histories.weights, strict=True):
        rows[u, i] = max(rows[u, i], w)
    return rows


@pytest.mark.parametrize("l2", [1.0, 100.0])
def test_weights_solve_the_constrained_ridge_regression(l2):
    histories = log()
    weights = fitted(histories, l2=l2).state()["weights"]
    x = dense(histories.positive())
    for item in range(x.shape[1]):  # each column by itself: no formula shared with the model
        others = np.arange(x.shape[1]) != item
        a = x[:, others]
        exact = np.linalg.solve(a.T @ a + l2 * np.eye(a.shape[1]), a.T @ x[:, item])
        np.testing.assert_allclose(weights[others, item], exact, rtol=2e-3, atol=2e-5)
        assert weights[item, item] == 0


def test_query_decay_weighs_the_last_event_most():
    model = fitted(log(), l2=10.0, query_decay=2.0)
    weights = model.state()["weights"]
    query = histories_from_columns(
        np.zeros(3, int),
        np.array([4, 7, 1]),
        np.array([1, -1, 1.0]),
        n_users=1,
        n_items=40,
        order=np.arange(3),
    )
    expected = np.exp(-1.0) * weights[4] - np.exp(-0.5) * weights[7] + weights[1]
    scores = model.score(Queries(query, np.zeros(1, np.int32)))
    np.testing.assert_allclose(scores[0], expected, rtol=1e-5, atol=1e-6)


def test_inverse_falls_back_to_double_precision():
    # Rank 6 and a ridge far below the rounding of the entries, which are exact integers.
    basis = np.random.default_rng(5).integers(-400, 400, size=(60, 6)).astype(np.float32)
    gram = np.asfortranarray(basis @ basis.T)
    exact = np.linalg.inv(gram.astype(np.float64) + 1e-2 * np.eye(60))
    result = inverse(gram.copy(order="F"), 1e-2)
    assert np.abs(result - exact).max() < 1e-5 * np.abs(exact).max()


@pytest.mark.parametrize("n", [1, 2])
def test_tiny_catalogues(n):
    histories = histories_from_columns(
        np.array([0, 1]), np.array([0, n - 1]), np.ones(2), n_users=2, n_items=n
    )
    assert np.isfinite(fitted(histories).state()["weights"]).all()
