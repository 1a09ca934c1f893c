"""Policies that choose a slate from one list of scores, slot after slot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Selection


class GreedyPolicy:
    """The best candidates in order: every propensity is 1."""

    name = "greedy"

    def select(self, scores: Floats, *, n: int, rng: np.random.Generator) -> Selection:
        """See `Policy.select`."""
        picked = np.arange(min(n, len(scores)))
        return Selection(picked, np.ones(len(picked)))


class BoltzmannConfig(Config):
    """How strongly the scores speak."""

    temperature: float = 0.2
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
        picked = np.argsort(-(logits + rng.gumbel(size=len(logits))), kind="stable")[:n]
        return Selection(picked, _plackett_luce(logits, picked))


class EpsilonGreedyConfig(Config):
    """How often to explore."""

    epsilon: float = 0.1
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


def _plackett_luce(logits: NDArray[np.float64], picked: NDArray[np.int64]) -> NDArray[np.float64]:
    """Probability of each pick among those left, given the picks before it."""
    strength = np.exp(logits - logits.max(initial=-np.inf))
    rest = strength.sum() - np.concatenate([[0.0], np.cumsum(strength[picked])[:-1]])
    return np.clip(strength[picked] / np.maximum(rest, strength[picked]), 0.0, 1.0)
