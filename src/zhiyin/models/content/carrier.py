"""Kernel ridge regression that carries scores from items with behaviour to any items."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from zhiyin.core.histories import Floats

_LEAST = 1e-3


class Carrier:
    """A = (K + l2 mean(diag K) D^-1)^-1 K(points, others), with an unpenalised intercept.

    Row vectors of scores on the points, times A, are the ridge's predictions for the
    others: the mean goes over unshrunk, for the columns of A sum to 1. D holds how far a
    point is trusted. For others that are points themselves the prediction is made without
    them (leave-one-out, in closed form), so that they can be compared with cold items.

    Args:
        factor: Lower Cholesky factor of the ridge's matrix, shape (points, points).
        ones: The matrix's inverse times 1, shape (points,).
    """

    def __init__(self, factor: Floats, ones: Floats) -> None:
        self.factor = factor
        self.ones = ones

    @classmethod
    def fit(cls, kernel: Floats, *, trusted: NDArray[np.float32], l2: float) -> Self:
        """Factorises.

        Args:
            kernel: K among the points, float32 of shape (points, points); overwritten.
            trusted: How far each point is trusted, 0..1, shape (points,).
            l2: Ridge, relative to the mean of K's diagonal.
        """
        mean = float(np.mean(np.diag(kernel)))
        kernel[np.diag_indices(len(kernel))] += (l2 * mean / np.maximum(trusted, _LEAST)).astype(
            np.float32
        )
        factor, _ = cho_factor(kernel, lower=True, overwrite_a=True, check_finite=False)
        one = np.ones(len(factor), dtype=np.float32)
        return cls(factor, cho_solve((factor, True), one, check_finite=False))

    def columns(self, kernel: Floats, *, own: NDArray[np.integer] | None = None) -> Floats:
        """Columns of A.

        Args:
            kernel: K between the points and the others, shape (points, m).
            own: For each of the others its place among the points, -1 where it is none;
                None where all are none.

        Returns:
            float32 of shape (points, m).
        """
        result = cho_solve((self.factor, True), kernel, check_finite=False)
        missing = 1 - result.sum(axis=0)
        result += np.outer(self.ones / self.ones.sum(), missing).astype(np.float32)
        if own is not None:
            at = np.flatnonzero(own >= 0)
            leverage = result[own[at], at].copy()
            result[own[at], at] = 0
            result[:, at] /= np.maximum(1 - leverage, np.float32(_LEAST))
        return np.ascontiguousarray(result, dtype=np.float32)
