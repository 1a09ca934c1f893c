"""Which item follows which, and how soon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats, Histories

_PAIRS = 4_000_000
"""Pairs counted at a time."""


def transitions(histories: Histories, decays: Sequence[float], *, horizon: int) -> list[Floats]:
    """Decayed counts of ordered pairs, one matrix per decay.

    F[a, b] = sum over a user's events p of a before q of b of
    w_p w_q exp(-(lag - 1) / decay), with lag = q - p in positions.

    Args:
        histories: In order.
        decays: One per matrix, in positions; pairs further apart than 6 x decay are left out.
        horizon: The largest lag that is looked at.

    Returns:
        For each decay, float32 of shape (n_items, n_items).
    """
    n = histories.n_items
    return [
        _counted(histories, decay, min(horizon, max(8, int(6 * decay)))).reshape(n, n)
        for decay in decays
    ]


def _counted(histories: Histories, decay: float, horizon: int) -> Floats:
    total = np.zeros(histories.n_items**2, dtype=np.float32)
    keys: list[NDArray[np.int64]] = []
    values: list[NDArray[np.float64]] = []
    held = 0
    for lag, before, after in _pairs(histories, horizon):
        left, right = histories.items[before].astype(np.int64), histories.items[after]
        keys.append(left * histories.n_items + right)
        weight = histories.weights[before] * histories.weights[after]
        values.append(weight * np.exp(-(lag - 1) / decay))
        held += len(before)
        if held >= _PAIRS:
            _add(total, keys, values)
            held = 0
    _add(total, keys, values)
    return total


def _pairs(
    histories: Histories, horizon: int
) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
    """Lag, first event and second event of every pair, a bounded number at a time."""
    rows = histories.rows
    for lag in range(1, horizon + 1):
        for start in range(0, len(rows) - lag, _PAIRS):
            stop = min(start + _PAIRS, len(rows) - lag)
            same = rows[start:stop] == rows[start + lag : stop + lag]
            before = start + np.flatnonzero(same)
            yield lag, before, before + lag


def _add(total: Floats, keys: list[NDArray[np.int64]], values: list[NDArray[np.float64]]) -> None:
    """Adds the values at the keys and empties both lists."""
    if keys:
        total += np.bincount(
            np.concatenate(keys), np.concatenate(values), minlength=len(total)
        ).astype(np.float32)
    keys.clear()
    values.clear()
