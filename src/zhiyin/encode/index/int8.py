"""A scan of int8 codes: a quarter of the bytes, and scanning is bound by bytes."""

from __future__ import annotations

import numkong
import numpy as np

from zhiyin.core.histories import Floats
from zhiyin.encode.index.slots import Slots, quantised


def int8_scan(slots: Slots, queries: Floats) -> tuple[Floats, Floats]:
    """Products of codes, exact in int32.

    With x = x' + e and q = q' + f (codes and what they leave out), the score x'q' is
    wrong by at most |e| |q| + |x'| |f|.
    """
    codes, scales, _ = quantised(queries)
    packed = numkong.dots_pack(codes, dtype="int8")
    products = np.asarray(numkong.dots_packed(slots.codes[: slots.n], packed))
    scores = np.multiply(products.T, slots.scales[: slots.n], dtype=np.float32)
    scores *= scales[:, None]
    lengths = np.sqrt(np.einsum("ij,ij->i", queries, queries))
    left = queries - codes * scales[:, None]
    lost = np.sqrt(np.einsum("ij,ij->i", left, left))
    bound = slots.error * lengths + (slots.longest + slots.error) * lost
    return scores, (bound * np.float32(1.001)).astype(np.float32)
