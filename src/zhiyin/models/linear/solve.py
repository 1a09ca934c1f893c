"""The linear algebra that closed-form models share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import csr_matrix

from zhiyin.core.errors import TrainingError
from zhiyin.core.histories import Floats
from zhiyin.core.products import mirror

_DOUBLINGS = 20
_ILL = 1e-6
"""Smallest squared pivot, against the largest diagonal, that single precision may hold."""


def balanced(matrix: csr_matrix, *, power: float) -> csr_matrix:
    """Scales each row by (its entries / mean entries of a row that has any) ^ -power.

    Squared in X'X, a power of 0.5 makes every user count alike per item.

    Args:
        matrix: float32 of shape (q, n); left as it is.
        power: 0 leaves the rows alone.
    """
    if not power or not matrix.nnz:
        return matrix
    counts = np.diff(matrix.indptr)
    mean = matrix.nnz / np.count_nonzero(counts)
    scale = (np.maximum(counts, 1) / mean) ** -power
    values = matrix.data * np.repeat(scale, counts).astype(np.float32)
    return csr_matrix((values, matrix.indices, matrix.indptr), shape=matrix.shape)


def inverse(gram: Floats, diagonal: Floats | float) -> Floats:
    """(G + diag(d))^-1 of a symmetric positive semi-definite matrix, by Cholesky.

    LAPACK's potrf and potri take n^3 multiply-adds in place, a third of what solving
    against the identity takes. Single precision is enough where the diagonal dominates
    rounding; where a pivot comes too close to it, double precision takes over.

    Args:
        gram: float32 of shape (n, n), Fortran order; overwritten.
        diagonal: What is added to the diagonal: a number or shape (n,).

    Returns:
        float32 of shape (n, n), exactly symmetric; may share memory with ``gram``.

    Raises:
        TrainingError: The sum is not positive definite even in double precision.
    """
    original = gram.diagonal() + np.float32(0.0)
    gram[np.diag_indices(len(gram))] += diagonal
    largest = float(gram.diagonal().max(initial=0.0))
    factor, failed = lapack.spotrf(gram, lower=1, clean=0, overwrite_a=1)
    if failed or float(factor.diagonal().min(initial=np.inf)) ** 2 < _ILL * largest:
        # The upper triangle still holds the matrix.
        wide = np.asfortranarray(np.triu(factor, 1).T, dtype=np.float64)
        wide[np.diag_indices(len(gram))] = original.astype(np.float64) + diagonal
        return _inverse_in_double(wide)
    inverted, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    return mirror(inverted)


def _inverse_in_double(lower: NDArray[np.float64]) -> Floats:
    factor, failed = lapack.dpotrf(lower, lower=1, clean=0, overwrite_a=1)
    if failed:
        raise TrainingError("the items' co-occurrences are singular", hint="use a larger l2")
    inverted, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    return mirror(np.asfortranarray(inverted, dtype=np.float32))


def zero_diagonal_weights(precision: Floats) -> Floats:
    """B_ij = -P_ij / P_jj with B_jj = 0: the least-squares weights that ignore oneself.

    Args:
        precision: P, symmetric, float32 of shape (n, n); overwritten.

    Returns:
        float32 of shape (n, n) in C order; shares memory with ``precision``.
    """
    weights = precision.T if precision.flags.f_contiguous else precision
    weights /= -precision.diagonal().copy()
    weights[np.diag_indices(len(weights))] = 0.0
    return weights


def ridge_regression(products: Floats, ridge: Floats, targets: Floats) -> Floats:
    """(A + diag(ridge))^-1 T of a symmetric matrix, by Cholesky.

    Where A is not quite positive (its sums were cut off), the ridge doubles until it holds.

    Args:
        products: A, float32 of shape (m, m), Fortran order; overwritten.
        ridge: What is added to the diagonal, shape (m,), above 0.
        targets: T, float32 of shape (m, n).

    Returns:
        float32 of shape (m, n), in C order.

    Raises:
        TrainingError: No ridge within reason makes the matrix positive.
    """
    original = products.diagonal() + np.float32(0.0)
    places = np.diag_indices(len(products))
    for _ in range(_DOUBLINGS):
        products[places] = original + ridge
        factor, failed = lapack.spotrf(products, lower=1, clean=0, overwrite_a=1)
        if not failed:
            solution, _ = lapack.spotrs(factor, np.asfortranarray(targets), lower=1, overwrite_b=1)
            return np.ascontiguousarray(solution)
        # The upper triangle still holds the matrix; mirror() reads the lower one.
        mirror(products.T)
        ridge = ridge * np.float32(2.0)
    raise TrainingError("the transitions between items are singular", hint="use a larger l2")
