"""Arithmetic on rows of scores."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.histories import Floats

_CARRIED = 256
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
    n = np.float32(max(1, part.shape[1]))
    mean = np.add.reduce(part, axis=1) / n
    part -= mean[:, None]
    deviation = np.sqrt(np.einsum("ij,ij->i", part, part) / n)
    flat = deviation <= _SPREAD + _ROUNDING * np.abs(mean)
    factor = np.float32(1) / np.where(flat, np.float32(1), deviation)
    factor[flat] = 0
    result = scores - mean[:, None]
    result *= factor[:, None]
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


class Liked(NamedTuple):
    """Rows of a sparse matrix: row pointers, columns, values, and how many columns there are."""

    indptr: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: Floats
    width: int

    def times(self, weights: Floats) -> Floats:
        """The product with a dense matrix; of one row without the cost of a sparse one."""
        if len(self.indptr) == 2:
            return (self.values @ np.asarray(weights)[self.columns])[None]
        shape = (len(self.indptr) - 1, self.width)
        rows = csr_matrix((self.values, self.columns, self.indptr), shape=shape)
        return np.asarray(rows @ weights, dtype=np.float32)


def times(rows: Floats, weights: Floats) -> Floats:
    """A product that reads only the weights of what is not zero where there is one row."""
    if len(rows) > 1:
        return rows @ weights
    found = np.flatnonzero(rows[0])
    return (rows[0, found] @ np.asarray(weights)[found])[None]
