"""How a slate is chosen from scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.core.slate import Odds


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Positions chosen from one query's candidates.

    Attributes:
        picked: Indices into the candidate list, int64 of shape (n,), first slot first.
        propensities: float64 of shape (n,): the probability that the policy puts this
            candidate in this slot, given the slots before it; 1 where it is bound to.
        odds: How the propensities are known.
    """

    picked: NDArray[np.int64]
    propensities: NDArray[np.float64]
    odds: Odds = "exact"


@runtime_checkable
class Policy(Protocol):
    """Chooses a slate and knows the odds it took."""

    name: str

    def select(self, scores: Floats, *, n: int, rng: np.random.Generator) -> Selection:
        """Chooses up to n of the candidates.

        Args:
            scores: float32 of shape (c,), best first, finite.
            n: Slate length; fewer come back where c < n.
            rng: The only source of randomness.
        """
        ...
