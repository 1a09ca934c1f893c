"""User vectors from histories, by exact least squares, many at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.histories import Floats, Histories
from zhiyin.core.threads import one_blas_thread

_FLOATS = 2**22
"""Floats gathered at a time."""
_MANY = 16


def fold_in(
    histories: Histories,
    *,
    items: Floats,
    gram: Floats,
    l2: float,
    alpha: float,
    decay: float | None = None,
) -> Floats:
    """Solves each user's normal equations given the items' vectors.

    (Y'Y + l2 I + sum_i alpha |w_i| y_i y_i') x = sum over w_i > 0 of (1 + alpha w_i) y_i
    (Hu, Koren and Volinsky, ICDM 2008, eq. 4): disliked items are certain absences.

    Args:
        histories: q rows.
        items: Y, float32 of shape (n_items, factors).
        gram: Y'Y, float32 of shape (factors, factors).
        l2: Ridge penalty.
        alpha: How much an event of weight 1 counts beyond an absence.
        decay: An event at position p from the end counts exp(-p / decay) of itself.

    Returns:
        float32 of shape (q, factors); 0 for empty histories.
    """
    certain = histories.matrix(decay=decay)
    signs = np.sign(histories.weights).astype(np.float32)
    preferred = replace(histories, weights=signs).matrix(decay=decay)
    pull = np.maximum(preferred.data, 0.0) + alpha * np.maximum(certain.data, 0.0)
    weight = (alpha * np.abs(certain.data)).astype(np.float32)
    base = gram + np.float32(l2) * np.eye(len(gram), dtype=np.float32)
    result = np.zeros((len(histories), len(gram)), dtype=np.float32)
    with one_blas_thread() if len(histories) >= _MANY else nullcontext():
        for rows, events, mask in _batches(certain, len(gram)):
            vectors = items[certain.indices[events]]  # (batch, longest, factors)
            scale = weight[events] * mask
            left = base + np.matmul(vectors.transpose(0, 2, 1) * scale[:, None, :], vectors)
            right = np.matmul((pull[events] * mask)[:, None, :].astype(np.float32), vectors)
            result[rows] = np.linalg.solve(left, right.transpose(0, 2, 1))[:, :, 0]
    return result


def _batches(
    matrix: csr_matrix, factors: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], Floats]]:
    """Rows of like length together, padded: row numbers, places of their events, mask."""
    lengths = np.diff(matrix.indptr).astype(np.int64)
    order = np.argsort(lengths, kind="stable")
    order = order[int(np.count_nonzero(lengths == 0)) :]
    while len(order):
        # From the longest down, so that the first of a batch bounds its memory.
        longest = int(lengths[order[-1]])
        size = max(1, _FLOATS // (factors * max(longest, factors)))
        order, rows = order[:-size], order[-size:]
        offsets = np.arange(longest, dtype=np.int64)
        mask = (offsets < lengths[rows][:, None]).astype(np.float32)
        places = matrix.indptr[rows].astype(np.int64)[:, None] + offsets
        yield rows, np.minimum(places, len(matrix.indices) - 1), mask
