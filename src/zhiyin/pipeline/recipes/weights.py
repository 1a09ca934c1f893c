"""The weights of a blend, by coordinate search on validation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.config import Config
from zhiyin.pipeline.recipes.validation import Shortlist


class SearchConfig(Config):
    """How weights are searched."""

    steps: tuple[float, ...] = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0)
    """Weights that a member may take, relative to the best single member's 1."""
    rounds: int = 2
    """How often every member is looked at again."""
    least_gain: float = 0.002
    """Relative gain below which a change is taken for noise."""


def search_weights(
    shortlist: Shortlist, *, best: int, config: SearchConfig | None = None
) -> tuple[NDArray[np.float64], float]:
    """Weights that maximise the goal, starting from the best member alone.

    A member joins, leaves or changes weight only for a gain beyond ``least_gain``, so a
    blend is never worse on validation than its best member.

    Args:
        shortlist: Members' scores.
        best: Index of the best single member.
        config: How to search.

    Returns:
        Weights of shape (members,), zeros for those left out; and the goal reached.
    """
    config = config or SearchConfig()
    weights = np.zeros(len(shortlist.parts))
    weights[best] = 1.0
    reached = shortlist.value(weights)
    for _ in range(config.rounds):
        before = reached
        for member in range(len(weights)):
            reached = _improve(shortlist, weights, member, reached, config)
        if reached == before:
            break
    return weights, reached


def _improve(
    shortlist: Shortlist,
    weights: NDArray[np.float64],
    member: int,
    reached: float,
    config: SearchConfig,
) -> float:
    """Gives one member its best weight, in place; returns the goal then reached."""
    trial = weights.copy()
    gain, choice = reached, weights[member]
    for step in (0.0, *config.steps):
        trial[member] = step
        if step == weights[member] or not trial.any():
            continue
        value = shortlist.value(trial)
        if value > gain:
            gain, choice = value, step
    if gain > reached * (1 + config.least_gain):
        weights[member] = choice
        return gain
    return reached
