"""What everybody likes: over all time, lately, or fading."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays
from zhiyin.models.popularity.counting import ages, weighted_users

_DAY = 86_400_000.0


class PopularityConfig(Config):
    """Popularity has nothing to tune."""


class PopularityRetriever:
    """Ranks items by how many users liked them: the baseline of every table."""

    Config = PopularityConfig

    def __init__(self, config: PopularityConfig | None = None) -> None:
        self.config = config or PopularityConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Counts users per item."""
        self._counts = weighted_users(data.histories.positive(), None)
        return self

    def score(self, queries: Queries) -> Floats:
        """The same scores for everybody: log(1 + users)."""
        return np.tile(np.log1p(self._counts), (len(queries), 1))

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """Popular items are like everything: the same scores for each item."""
        return np.tile(np.log1p(self._counts), (len(items), 1))

    def state(self) -> Arrays:
        """The counts."""
        return {"counts": self._counts}

    def restore(self, arrays: Arrays) -> Self:
        """Takes the counts back."""
        self._counts = arrays["counts"]
        return self


class RecentPopularityConfig(Config):
    """What counts as recent."""

    window_days: float = Field(default=30.0, gt=0)
    """Only events at most this many days old count, where times are known."""
    window_share: float = Field(default=0.1, gt=0, le=1)
    """Where only the order is known: only this last share of every history counts."""


class RecentPopularityRetriever(PopularityRetriever):
    """Ranks items by how many users liked them lately; older likes only break ties."""

    Config = RecentPopularityConfig
    config: RecentPopularityConfig

    def __init__(self, config: RecentPopularityConfig | None = None) -> None:
        self.config = config or RecentPopularityConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Counts users per item within the window."""
        histories = data.histories.positive()
        everything = weighted_users(histories, None)
        age = ages(histories, as_of=data.as_of)
        if age is not None:
            recent = age <= self.config.window_days * _DAY
        else:
            lengths = np.repeat(histories.lengths, histories.lengths)
            recent = histories.from_end < np.ceil(lengths * self.config.window_share)
        if not histories.ordered:
            recent = np.ones(len(histories.items), dtype=bool)
        tie = everything / max(1.0, 2.0 * float(everything.max(initial=0.0)))
        self._counts = weighted_users(histories.where(recent), None) + tie.astype(np.float32)
        return self


class DecayedPopularityConfig(Config):
    """How fast likes fade."""

    half_life_days: float = Field(default=30.0, gt=0)
    """After this many days an event counts half; without times all count alike."""


class DecayedPopularityRetriever(PopularityRetriever):
    """Ranks items by likes that halve with every half-life."""

    Config = DecayedPopularityConfig
    config: DecayedPopularityConfig

    def __init__(self, config: DecayedPopularityConfig | None = None) -> None:
        self.config = config or DecayedPopularityConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Adds up faded users per item."""
        histories = data.histories.positive()
        age = ages(histories, as_of=data.as_of)
        faded = None if age is None else 0.5 ** (age / (self.config.half_life_days * _DAY))
        self._counts = weighted_users(histories, faded)
        return self
