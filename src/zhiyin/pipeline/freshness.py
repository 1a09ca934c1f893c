"""How an event's weight fades with time: once, for training and for serving."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_DAY = 86_400_000
_MOST_HALVINGS = 20.0
"""An event never fades below 2 ** -this: ten years of silence are not the end of a taste."""


def freshness(
    times: NDArray[np.int64], *, as_of: int, half_life_days: float | None
) -> NDArray[np.float64]:
    """The factor of each event's weight: 1 at ``as_of``, halved for every half-life before it.

    Only ratios within a history matter to a query, so events after ``as_of`` weigh more
    than 1 and nothing that was computed at training has to fade further.

    Args:
        times: In milliseconds, shape (events,).
        as_of: The newest event of the training, in milliseconds; 0 for no times at all.
        half_life_days: None for no fading.
    """
    if half_life_days is None or not as_of:
        return np.ones(len(times))
    halvings = (times - as_of) / (_DAY * half_life_days)
    return np.exp2(np.clip(halvings, -_MOST_HALVINGS, _MOST_HALVINGS))
