"""Scores of all rows, nearly right, and by how much they may be wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.encode.index.slots import Slots

Scan = Callable[[Slots, Floats], tuple[NDArray[Any], Floats]]
"""``scan(slots, queries)``: fresh scores of shape (q, n), and a bound on their error, (q,).

Scores and bound are in a unit of the scan's own, floats or integers."""

_ROUNDING = 2.0**-22
"""Relative to the lengths; the error of a float32 sum of a few hundred products."""


def float_scan(slots: Slots, queries: Floats) -> tuple[NDArray[Any], Floats]:
    """Products through BLAS."""
    rows = slots.rows[: slots.n]
    # One query alone is a matrix times a vector: twice as fast that way round.
    scores = (rows @ queries[0])[None] if len(queries) == 1 else queries @ rows.T
    lengths = np.sqrt(np.einsum("ij,ij->i", queries, queries))
    bound = lengths * np.float32(slots.longest * _ROUNDING * np.sqrt(slots.dim))
    return scores, bound
