"""Arithmetic on rows of scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats

_CARRIED = 400
"""Best items of a query whose scores are carried over."""
_SPREAD = np.float32(1e-9)
_ROUNDING = np.float32(1e-6)


def standardised_by(scores: Floats, reference: NDArray[np.integer]) -> Floats:
    """Rows with mean 0 and deviation 1 over some columns; rows without spread become 0.

    Args:
        scores: float32 of shape (q, m).
        reference: The columns that mean and deviation are taken of.

    Returns:
        float32 of shape (q, m), fresh.
    """
    part = scores[:, reference]
    mean = part.mean(axis=1, keepdims=True)
    deviation = part.std(axis=1, keepdims=True)
    flat = deviation <= _SPREAD + _ROUNDING * np.abs(mean)
    result = scores - mean
    np.divide(result, deviation, out=result, where=~flat)
    result[flat[:, 0]] = 0
    return result


def roots_of_best(scores: Floats) -> Floats:
    """Roots of the best positive scores of each row, zeros elsewhere.

    The root keeps a few sure items from drowning the rest (chosen on validation).
    """
    kept = scores.shape[1] - _CARRIED
    if kept > 0:
        least = np.partition(scores, kept, axis=1)[:, kept]
        scores = np.where(scores >= least[:, None], scores, 0)
    return np.sqrt(np.maximum(scores, 0))


def times(rows: Floats, weights: Floats) -> Floats:
    """A product that reads only the weights of what is not zero where there is one row."""
    if len(rows) > 1:
        return rows @ weights
    found = np.flatnonzero(rows[0])
    return (rows[0, found] @ weights[found])[None]
