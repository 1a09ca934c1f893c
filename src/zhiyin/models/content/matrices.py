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


def matrix_from(arrays: Arrays) -> Floats | csr_matrix:
    """The inverse of `matrix_state`."""
    if "dense" in arrays:
        return arrays["dense"]
    rows, columns = arrays["shape"].tolist()
    parts = (arrays["data"], arrays["indices"], arrays["indptr"])
    return csr_matrix(parts, shape=(rows, columns))
