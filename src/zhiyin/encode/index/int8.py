"""A scan of int8 codes: a quarter of the bytes, and scanning is bound by bytes.

The kernel is twice as fast when the many codes, not the few queries, are laid out for it,
so they are laid out once, and what was added since is read as it lies.
"""

from __future__ import annotations

from typing import Any

import numkong
import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.encode.index.slots import Slots, quantised, scale_of

_REST = 0.125
"""Codes are laid out again when so large a part of them was added since."""
_LEAST = 1024


class Int8Scan:
    """Products of codes; keeps a copy of the codes as the kernel wants them."""

    def __init__(self) -> None:
        self._laid_out: tuple[NDArray[np.int8], int, Any] | None = None

    def __call__(self, slots: Slots, queries: Floats) -> tuple[NDArray[Any], Floats]:
        """Products of codes, exact in int32: the unit is a step of the rows times one of the query.

        With x = x' + e and q = q' + f (codes and what they leave out), the score x'q' is
        wrong by at most |e| |q| + |x'| |f|.
        """
        steps = [scale_of(query) for query in queries]
        coded = [quantised(query[None], step) for query, step in zip(queries, steps, strict=True)]
        products = self._products(slots, np.concatenate([codes for codes, _ in coded]))
        lost = np.array([error for _, error in coded])
        lengths = np.sqrt(np.einsum("ij,ij->i", queries, queries))
        bound = slots.error * lengths + (slots.longest + slots.error) * lost
        unit = max(slots.scale, 1e-30) * np.array(steps)
        return products, (1.001 * bound / unit).astype(np.float32)

    def _products(self, slots: Slots, codes: NDArray[np.int8]) -> NDArray[np.int32]:
        """Inner products with every row in use, int32 of shape (q, n)."""
        done, packed = self._packed(slots)
        if done == slots.n:
            return np.asarray(numkong.dots_packed(codes, packed))
        rest = numkong.dots_packed(slots.codes[done : slots.n], numkong.dots_pack(codes, "int8"))
        late = np.asarray(rest).T
        if not done:
            return np.ascontiguousarray(late)
        return np.concatenate([np.asarray(numkong.dots_packed(codes, packed)), late], axis=1)

    def _packed(self, slots: Slots) -> tuple[int, Any]:
        """How many rows are laid out, and those; rows in use never change."""
        known = self._laid_out
        if known is None or known[0] is not slots.codes or known[1] > slots.n:
            known = None
        done = 0 if known is None else known[1]
        if slots.n - done > max(_LEAST, _REST * slots.n):
            packed: Any = numkong.dots_pack(slots.codes[: slots.n], "int8")
            known = self._laid_out = (slots.codes, slots.n, packed)
        return (0, None) if known is None else (known[1], known[2])
