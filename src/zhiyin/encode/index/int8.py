"""A scan of int8 codes: a quarter of the bytes, and scanning is bound by bytes."""

from __future__ import annotations

from typing import Any

import numkong
import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.encode.index.slots import Slots, quantised, scale_of


def int8_scan(slots: Slots, queries: Floats) -> tuple[NDArray[Any], Floats]:
    """Products of codes, exact in int32: the unit is a step of the rows times one of the query.

    With x = x' + e and q = q' + f (codes and what they leave out), the score x'q' is
    wrong by at most |e| |q| + |x'| |f|.
    """
    steps = [scale_of(query) for query in queries]
    coded = [quantised(query[None], step) for query, step in zip(queries, steps, strict=True)]
    packed = numkong.dots_pack(np.concatenate([codes for codes, _ in coded]), dtype="int8")
    products = np.asarray(numkong.dots_packed(slots.codes[: slots.n], packed))
    lost = np.array([error for _, error in coded])
    lengths = np.sqrt(np.einsum("ij,ij->i", queries, queries))
    bound = slots.error * lengths + (slots.longest + slots.error) * lost
    unit = max(slots.scale, 1e-30) * np.array(steps)
    return np.ascontiguousarray(products.T), (1.001 * bound / unit).astype(np.float32)
