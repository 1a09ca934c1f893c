"""Matrices, dense or sparse, as the arrays of an artifact."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays


def matrix_state(values: Floats | csr_matrix) -> Arrays:
    """A dense or sparse matrix as named arrays."""
    if isinstance(values, np.ndarray):
        return {"dense": values}
    shape = np.array(values.shape)
    return {"data": values.data, "indices": values.indices, "indptr": values.indptr, "shape": shape}


def matrix_from(arrays: Arrays, prefix: str) -> Floats | csr_matrix:
    """The matrix whose arrays' names begin with a prefix."""
    if f"{prefix}dense" in arrays:
        return arrays[f"{prefix}dense"]
    data, indices, indptr, shape = (
        arrays[prefix + name] for name in ("data", "indices", "indptr", "shape")
    )
    return csr_matrix((data, indices, indptr), shape=(int(shape[0]), int(shape[1])))
