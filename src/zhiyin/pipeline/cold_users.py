"""Users of whom little is known: their profile speaks until their behaviour does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.data.vocabulary import Vocabulary

_LEAST = 0.2
"""A profile that would count less than this beside behaviour is not read at all."""
_POPULAR = np.float32(0.3)
"""Weight of what everybody likes beside the profile of somebody without a history."""


class Tastes(Protocol):
    """What is known of users besides what they took; see `zhiyin.pipeline.profiles`."""

    def scores(self, user_id: str, *, items: Vocabulary) -> Floats | None:
        """How well each item fits, mean 0 and deviation 1; None where nothing is known."""
        ...

    def told(self, user_id: str) -> bool:
        """Whether the user put anything into words."""
        ...

    def muted(self, user_id: str, *, items: Vocabulary) -> NDArray[np.bool_] | None:
        """Which items the user does not want to see; None where there is no such wish."""
        ...

    def gate(self, n_events: int) -> float:
        """How much the profile counts beside so many events, 0..1."""
        ...


@dataclass(frozen=True, slots=True)
class Leaning:
    """Scores after the profile had its say.

    Attributes:
        scores: float32 of shape (1, items).
        profile: Weight that the profile had, 0 where it had none.
    """

    scores: Floats
    profile: float


def lean(
    scores: Floats, tastes: Tastes, user_id: str, *, items: Vocabulary, n_events: int
) -> Leaning:
    """Mixes a profile into scores, by how little behaviour there is, and lowers muted items.

    A profile that rests on clicks or attributes alone stays out: models of behaviour and
    `zhiyin.pipeline.newcomers` read those, and every figure of `auto` is theirs. Tags of a
    user's group did better at one to five events in benchmarks/cold_users.py, of one data set.

    Args:
        scores: Of one query, float32 of shape (1, items).
        tastes: The profiles.
        user_id: Whose query.
        items: The items, one per column.
        n_events: Events of the history that the scores come from.
    """
    weight = tastes.gate(n_events)
    profile = None
    if weight > _LEAST and tastes.told(user_id):
        profile = tastes.scores(user_id, items=items)
    if profile is None:
        weight = 0.0
    else:
        spread = max(float(scores.std()), 1e-9)
        standard = (scores - scores.mean()) / spread
        base = max(1 - weight, float(_POPULAR))
        scores = (np.float32(base) * standard + np.float32(weight) * profile).astype(np.float32)
    muted = tastes.muted(user_id, items=items)
    if muted is not None and muted.any():
        scores[:, muted] -= np.ptp(scores) + 1  # behind everything else, in their order
    return Leaning(scores, weight)
