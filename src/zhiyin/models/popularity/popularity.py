"""What everybody likes, over all time."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays


class PopularityConfig(Config):
    """Popularity has nothing to tune."""


class PopularityRetriever:
    """Ranks items by how many users liked them: the baseline of every table."""

    Config = PopularityConfig

    def __init__(self, config: PopularityConfig | None = None) -> None:
        self.config = config or PopularityConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Counts users per item."""
        matrix = data.histories.positive().matrix()
        self._counts = np.bincount(matrix.indices, minlength=data.n_items).astype(np.float32)
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
