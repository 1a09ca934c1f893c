"""What training through ``implicit`` needs besides ``implicit``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats


class _TimeIsUpError(Exception):
    """Leaves implicit's loop between two sweeps; what was learned stays in the model."""


def stop_at(deadline: Deadline, fit: Callable[[Callable[..., None]], Any]) -> None:
    """Runs a training until it ends or the deadline passes.

    Args:
        deadline: When to stop; at least one sweep is made.
        fit: Starts the training with a callback that it calls after every sweep.
    """

    def tick(*_: object) -> None:
        if deadline.left <= 0:
            raise _TimeIsUpError

    try:
        fit(tick)
    except _TimeIsUpError:
        return


def unit_rows(matrix: Floats) -> Floats:
    """Rows divided by their length; zero rows stay zero."""
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return (matrix / np.where(norms > 0, norms, 1.0)).astype(np.float32)
