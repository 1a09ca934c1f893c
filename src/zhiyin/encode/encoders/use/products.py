"""Products with weights that are whole numbers times one scale, exactly as published.

The model was quantised to 8 bits before it was published, so its matrices are int8 times
a scale, without loss. Processors with a matrix unit for int8 multiply those many times
faster than floats, so activations are cut into two bytes and multiplied twice; what that
rounds away changes a vector in its fifth digit. Elsewhere BLAS multiplies floats.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numkong
import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats

Product = Callable[..., Floats]
"""``product(rows)``, or ``product(rows, window)`` with rows gathered into windows first."""

_MATRIX_UNITS = ("sapphireamx", "graniteamx")
"""Measured on one core: 1600 int8 GFLOP/s on Sapphire Rapids, against 100 of BLAS floats."""
_DIGITS = 2
"""Bytes of a fixed-point activation."""
_SPAN = 32_639
"""Largest size of a fixed-point activation: 127 and 127 * 256."""
_GRID = 8
"""Scales per power of two."""
_ROUND = np.float32(1.5 * 2**23)
"""Added to a small float, it leaves its nearest whole number in the low bits."""
_MIDDLE = np.int32(0x808080 - 0x400000)
_BYTES = np.array([1.0, 2.0**8], dtype=np.float32)
_OFF_GRID = 1e-4


def has_matrix_unit() -> bool:
    """Whether this processor multiplies int8 much faster than floats."""
    capabilities: dict[str, bool] = numkong.get_capabilities()
    return any(capabilities.get(name, False) for name in _MATRIX_UNITS)


def product(weights: Floats, *, int8: bool) -> Product:
    """Multiplication by a matrix of shape (inputs, outputs) from the right.

    Args:
        weights: The matrix.
        int8: Use int8 kernels where the weights are whole numbers times a scale.
    """
    whole, scale = _whole_numbers(weights) if int8 else (None, 1.0)
    return FloatProduct(weights) if whole is None else Int8Product(whole, scale)


class FloatProduct:
    """Through BLAS."""

    def __init__(self, weights: Floats) -> None:
        self._weights = np.ascontiguousarray(weights)

    def __call__(self, rows: Floats, window: NDArray[np.int64] | None = None) -> Floats:
        """Rows of shape (t, inputs), or windows of shape (t, n) into rows."""
        if window is not None:
            rows = rows.take(window, axis=0).reshape(len(window), -1)
        return rows @ self._weights


class Int8Product:
    """Through int8 kernels, twice: activations are fixed-point numbers of two bytes."""

    def __init__(self, weights: NDArray[np.int8], scale: float) -> None:
        self._packed: Any = numkong.dots_pack(np.ascontiguousarray(weights.T), dtype="int8")
        self._scale = scale

    def __call__(self, rows: Floats, window: NDArray[np.int64] | None = None) -> Floats:
        """Rows of shape (t, inputs), or windows of shape (t, n) into rows."""
        # On a grid, so that a text is rounded alike in most company.
        peak = max(float(rows.max(initial=1e-30)), -float(rows.min(initial=-1e-30)))
        step = 2.0 ** (np.ceil(_GRID * np.log2(peak)) / _GRID) / _SPAN
        fixed = rows * np.float32(1.0 / step)
        fixed += _ROUND
        whole = fixed.view(np.int32)
        whole += _MIDDLE
        # Bytes, each less 128: what the middle added is taken from every byte.
        octets = whole.view(np.uint8)
        parts = np.stack([octets[:, place::4] for place in range(_DIGITS)])
        parts ^= np.uint8(128)
        parts = parts.view(np.int8)
        if window is not None:
            parts = parts.take(window, axis=1)
        count = parts.shape[1]
        products = np.asarray(numkong.dots_packed(parts.reshape(_DIGITS * count, -1), self._packed))
        worth = _BYTES * np.float32(step * self._scale)
        result = worth @ products.astype(np.float32).reshape(_DIGITS, -1)
        return np.asarray(result, dtype=np.float32).reshape(count, -1)


def _whole_numbers(weights: Floats) -> tuple[NDArray[np.int8] | None, float]:
    """The weights as int8 and their scale, or None where they are not such numbers."""
    levels = np.unique(weights).astype(np.float64)
    if len(levels) < 2:
        return None, 1.0
    scale = float(np.diff(levels).min())
    whole = np.rint(levels / scale)
    scale = float(levels @ whole / (whole @ whole))  # by least squares over all levels
    off = np.abs(levels / scale - whole).max()
    if off > _OFF_GRID or whole[0] < -128 or whole[-1] > 127:
        return None, 1.0
    return np.rint(weights / scale).astype(np.int8), scale
