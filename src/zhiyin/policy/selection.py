"""Policies that choose a slate from one list of scores, slot after slot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Selection


class GreedyPolicy:
    """The best candidates in order: every propensity is 1."""

    name = "greedy"

    def select(self, scores: Floats, *, n: int, rng: np.random.Generator) -> Selection:
        """See `Policy.select`."""
        picked = np.arange(min(n, len(scores)))
        return Selection(picked, np.ones(len(picked)), "deterministic")


class BoltzmannConfig(Config):
    """How strongly the scores speak."""

    temperature: float = Field(default=0.2, gt=0)
    """In units of the scores; smaller is greedier."""


class BoltzmannPolicy:
    """Draws each slot with probability proportional to exp(score / temperature).

    Drawn with the Gumbel top-k trick (Kool et al., ICML 2019), which is a Plackett-Luce
    draw without replacement: the propensity of a slot, given those before it, is exact.
    """

    name = "boltzmann"

    def __init__(self, config: BoltzmannConfig | None = None) -> None:
        self.config = config or BoltzmannConfig()

    def select(self, scores: Floats, *, n: int, rng: np.random.Generator) -> Selection:
        """See `Policy.select`."""
        logits = scores.astype(np.float64) / self.config.temperature
        order = np.argsort(-(logits + rng.gumbel(size=len(logits))), kind="stable")
        return Selection(order[:n], _plackett_luce(logits[order])[:n])


class EpsilonGreedyConfig(Config):
    """How often to explore."""

    epsilon: float = Field(default=0.1, ge=0, le=1)
    """Probability that a slot is filled uniformly from the remaining candidates."""


class EpsilonGreedyPolicy:
    """Each slot takes the best remaining candidate, or with probability epsilon any."""

    name = "epsilon_greedy"

    def __init__(self, config: EpsilonGreedyConfig | None = None) -> None:
        self.config = config or EpsilonGreedyConfig()

    def select(self, scores: Floats, *, n: int, rng: np.random.Generator) -> Selection:
        """See `Policy.select`."""
        epsilon = self.config.epsilon
        left = list(np.argsort(-scores, kind="stable"))
        picked: list[int] = []
        odds: list[float] = []
        for _ in range(min(n, len(left))):
            at = int(rng.integers(len(left))) if rng.random() < epsilon else 0
            odds.append(epsilon / len(left) + (1 - epsilon) * (at == 0))
            picked.append(int(left.pop(at)))
        return Selection(np.asarray(picked, dtype=np.int64), np.asarray(odds, dtype=np.float64))


def _plackett_luce(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of each entry among itself and those after it, for logits as drawn."""
    rest = np.logaddexp.accumulate(logits[::-1])[::-1]
    return np.exp(np.minimum(logits - rest, 0.0))
