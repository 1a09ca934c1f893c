"""How many users liked each item, and when."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats, Histories


def weighted_users(histories: Histories, weights: NDArray[np.floating] | None) -> Floats:
    """Users per item; of a user's repeated events the one that weighs most counts.

    Args:
        histories: Liking only.
        weights: What each event counts, shape (events,); None counts each user once.

    Returns:
        float32 of shape (n_items,).
    """
    values = np.ones(len(histories.items)) if weights is None else weights
    rows = replace(histories, weights=values.astype(np.float32)).matrix()
    counts = np.bincount(rows.indices, rows.data, minlength=histories.n_items)
    return counts.astype(np.float32)


def ages(histories: Histories, *, as_of: int) -> NDArray[np.float64] | None:
    """Milliseconds since each event, at least 0; None where times are unknown.

    Args:
        histories: Any.
        as_of: The present; 0 takes the newest event for it.
    """
    if histories.times is None or not len(histories.times):
        return None
    present = as_of or int(histories.times.max())
    return np.maximum(present - histories.times, 0).astype(np.float64)
