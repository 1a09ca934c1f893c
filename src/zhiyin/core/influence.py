"""What each part of an input does to a score: by deletion, by Shapley values, by local regression.

All three ask nothing of the model but scores of altered inputs, so they serve any model. A
coalition is a row of a bool matrix: which of n parts are there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats

Value: TypeAlias = Callable[[NDArray[np.bool_]], NDArray[np.floating]]
"""Scores of coalitions: from bool of shape (m, n) to floats of shape (m,) or (m, k)."""
Reals: TypeAlias = NDArray[np.float64]


def deletion(value: Value, n: int) -> Reals:
    """How far a score falls when one part is taken away and all others stay.

    Args:
        value: Scores of coalitions, for k scores at once.
        n: How many parts there are.

    Returns:
        Shape (n,) or (n, k). They need not sum to anything.
    """
    coalitions = np.ones((n + 1, n), dtype=np.bool_)
    coalitions[np.arange(1, n + 1), np.arange(n)] = False
    found = np.asarray(value(coalitions), dtype=np.float64)
    return found[0] - found[1:]


def shapley(value: Value, n: int, *, rng: np.random.Generator, rounds: int = 4) -> Reals:
    """Shapley values by sampled orders, each walked forwards and backwards.

    The sum over the parts is exactly the score of all less the score of none, whatever the
    number of rounds; each value is unbiased. Castro, Gómez and Tejada, *Polynomial calculation
    of the Shapley value based on sampling* (2009); antithetic orders as in Mitchell et al.
    (2022).

    Args:
        value: Scores of coalitions.
        n: How many parts there are.
        rng: Draws the orders.
        rounds: How many orders; each costs 2 (n - 1) scores, and two are shared by all.

    Returns:
        Shape (n,) or (n, k).
    """
    if n == 0:
        return np.zeros(0)
    orders = [order for _ in range(rounds) for order in _both_ways(rng.permutation(n))]
    steps = np.concatenate([_walk(order) for order in orders])
    distinct, places = np.unique(steps, axis=0, return_inverse=True)
    scores = np.asarray(value(distinct), dtype=np.float64)[places.ravel()]
    walked = scores.reshape(len(orders), n + 1, *scores.shape[1:])
    gains = np.diff(walked, axis=1)
    total = np.zeros((n, *scores.shape[1:]))
    for order, gain in zip(orders, gains, strict=True):
        total[order] += gain
    return total / len(orders)


def lime(
    value: Value, n: int, *, rng: np.random.Generator, samples: int = 200, ridge: float = 1e-3
) -> Reals:
    """Coefficients of a weighted ridge regression on which parts are there.

    Coalitions near the whole count more: exp(-d^2 / 0.75^2), d the share of parts that are
    away. Ribeiro, Singh and Guestrin, *Why should I trust you?* (2016).

    Args:
        value: Scores of coalitions.
        n: How many parts there are.
        rng: Draws the coalitions.
        samples: How many.
        ridge: Penalty on coefficients.

    Returns:
        Shape (n,) or (n, k); exact where the score is a sum over the parts and the penalty 0.
    """
    if n == 0:
        return np.zeros(0)
    away = rng.integers(1, n + 1, size=samples)
    ranks = rng.random((samples, n)).argsort(axis=1)
    coalitions = np.concatenate([np.ones((1, n), dtype=np.bool_), ranks >= away[:, None]])
    scores = np.asarray(value(coalitions), dtype=np.float64)
    distance = 1.0 - coalitions.mean(axis=1)
    weights = np.exp(-(distance**2) / 0.75**2)
    return _ridge(coalitions.astype(np.float64), scores, weights, ridge)


def local_slopes(
    score: Callable[[Floats], Floats],
    row: Floats,
    *,
    scale: Floats,
    rng: np.random.Generator,
    samples: int = 400,
    ridge: float = 1e-3,
) -> Reals:
    """LIME over numbers: how a score moves with each feature around one row.

    Args:
        score: Scores of rows.
        row: The row, shape (f,); NaN stays NaN.
        scale: Spread of each feature, shape (f,), for the size of the steps.
        rng: Draws the steps.
        samples: How many rows are looked at.
        ridge: Penalty on coefficients.

    Returns:
        Change of the score for a step of one spread, shape (f,).
    """
    steps = rng.standard_normal((samples, len(row)))
    steps[0] = 0
    rows = (row + steps * scale).astype(np.float32)
    scores = score(rows).astype(np.float64)
    weights = np.exp(-(steps**2).mean(axis=1))
    return _ridge(steps, scores, weights, ridge)


def _ridge(x: Reals, y: Reals, weights: Reals, penalty: float) -> Reals:
    """Weighted ridge with a free intercept."""
    share = weights / weights.sum()
    x, y = x - share @ x, y - share @ y
    gram = (x * share[:, None]).T @ x
    gram[np.diag_indices_from(gram)] += max(penalty, 1e-12) * max(float(np.trace(gram)), 1e-12)
    return np.asarray(np.linalg.solve(gram, (x * share[:, None]).T @ y), dtype=np.float64)


def _both_ways(order: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [order, order[::-1]]


def _walk(order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The coalitions from none to all, one part after the other."""
    n = len(order)
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    return place[None, :] < np.arange(n + 1)[:, None]
