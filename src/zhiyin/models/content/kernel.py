"""How alike items are by everything that is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.attributes import Attribute
from zhiyin.core.histories import Floats


def likeness(
    attributes: Sequence[Attribute],
    weights: Mapping[str, float],
    rows: NDArray[np.integer],
    others: Sequence[Attribute],
) -> Floats:
    """K = sum over attributes of weight x inner product.

    Args:
        attributes: Of n items.
        weights: By name; attributes without one do not count.
        rows: Which of the n items.
        others: The same attributes of m items.

    Returns:
        float32 of shape (len(rows), m).
    """
    result = np.zeros((len(rows), len(others[0]) if others else 0), dtype=np.float32)
    for mine, theirs in zip(attributes, others, strict=True):
        if weights.get(mine.name):
            part = mine.likeness(rows, theirs)
            part *= np.float32(weights[mine.name])
            result += part
    return result


def sharpened(kernel: Floats, *, scale: float, power: int) -> Floats:
    """(1 + K / scale)^power for a power beyond 1, K itself for power 1; in place.

    A polynomial kernel counts several likenesses at once for more than their sum.
    """
    if power == 1:
        return kernel
    kernel /= np.float32(scale)
    kernel += np.float32(1.0)
    base = kernel.copy()
    for _ in range(power - 1):
        kernel *= base
    return kernel
