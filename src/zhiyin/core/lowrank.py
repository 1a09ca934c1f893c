"""The leading directions of who took what: degrees divided out, eigenvectors by products alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import qr
from scipy.sparse import csr_matrix

from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats
from zhiyin.core.threads import one_blas_thread

_SPARE = 16


def leading_eigenvectors(
    apply: Callable[[Floats], Floats],
    *,
    size: int,
    rank: int,
    rng: np.random.Generator,
    deadline: Deadline,
    rounds: int = 8,
) -> tuple[Floats, Floats]:
    """Randomised subspace iteration with a Rayleigh-Ritz step at the end.

    Halko, Martinsson and Tropp, "Finding structure with randomness", SIAM Review 2011,
    algorithm 4.4, for a symmetric positive semi-definite matrix A.

    Args:
        apply: Multiplies A with a float32 block of shape (size, columns).
        size: Rows of A.
        rank: Eigenvectors asked for.
        rng: Draws the first block.
        deadline: When it has passed, no further round begins.
        rounds: Products with A before the last.

    Returns:
        Eigenvalues, largest first, float32 of shape (r,) and eigenvectors of shape
        (size, r), with r = min(rank, size).
    """
    rank = min(rank, size)
    block = rng.standard_normal((size, min(size, rank + _SPARE)), dtype=np.float32)
    block = _orthonormal(apply(_orthonormal(block)))
    for _ in range(rounds):
        if deadline.left <= 0:
            break
        block = _orthonormal(apply(block))
    small = block.T @ apply(block)
    values, rotation = np.linalg.eigh((small + small.T) / np.float32(2.0))
    largest = np.argsort(-values, kind="stable")[:rank]
    vectors = np.ascontiguousarray(block @ rotation[:, largest], dtype=np.float32)
    return values[largest].astype(np.float32), vectors


def item_directions(
    liked: csr_matrix,
    *,
    rank: int,
    rng: np.random.Generator,
    deadline: Deadline,
    rounds: int,
) -> tuple[Floats, Floats]:
    """Leading right singular vectors of who liked what, the degrees of both sides divided out.

    Args:
        liked: Ones, float32 of shape (q, n_items).
        rank: Vectors asked for, at most n_items.
        rng: Draws the first block.
        deadline: When it passes, what was found so far is returned.
        rounds: As in `leading_eigenvectors`.

    Returns:
        Squared singular values, largest first, and vectors of shape (n_items, rank).
    """
    rows, _ = normalised(liked, user_power=0.5)
    across = rows.T.tocsr()
    return leading_eigenvectors(
        lambda block: np.asarray(across @ (rows @ block), dtype=np.float32),
        size=liked.shape[1],
        rank=rank,
        rng=rng,
        deadline=deadline,
        rounds=rounds,
    )


def normalised(matrix: csr_matrix, *, user_power: float) -> tuple[csr_matrix, Floats]:
    """D_U^-a X D_I^-(1-a), with D the sums of rows and of columns.

    Args:
        matrix: X, float32 of shape (q, n), entries above 0.
        user_power: a; 0.5 is the symmetric normalisation.

    Returns:
        The normalised matrix and the items' degrees, float32 of shape (n,).
    """
    owners = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    users = np.bincount(owners, matrix.data, minlength=matrix.shape[0])
    items = np.bincount(matrix.indices, matrix.data, minlength=matrix.shape[1])
    scale = users[owners] ** -user_power * items[matrix.indices] ** (user_power - 1.0)
    values = (matrix.data * scale).astype(np.float32)
    rows = csr_matrix((values, matrix.indices, matrix.indptr), shape=matrix.shape)
    return rows, items.astype(np.float32)


def _orthonormal(block: Floats) -> Floats:
    with one_blas_thread():  # Householder panels are too thin to be worth sharing
        basis, _ = qr(block, mode="economic", overwrite_a=True, check_finite=False)
    return np.asarray(basis, dtype=np.float32)
