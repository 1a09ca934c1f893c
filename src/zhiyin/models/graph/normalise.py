"""The graph of users and items, with degrees divided out."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from zhiyin.core.histories import Floats


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
