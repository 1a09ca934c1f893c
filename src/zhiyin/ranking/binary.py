"""Boosted trees for probabilities: whether something happens, whatever else was shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.special import expit

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import RankingData
from zhiyin.ranking.trees import Task, TreesConfig, TreesScorer


class BinaryConfig(TreesConfig):
    """Hyperparameters of trees for a binary outcome."""

    above: float = Field(default=0.0, ge=0)
    """It happened where the label is above this."""


class BinaryScorer(TreesScorer):
    """Gradient-boosted trees on the log-loss of each row: the model of CTR and CVR.

    Queries do not matter to it. Scores are log-odds; calibrate them before they are multiplied
    with anything.
    """

    Config = BinaryConfig
    grouped = False

    def _task(self, data: RankingData, validation: RankingData | None) -> Task:
        outcomes = self._outcomes(data)
        held = None if validation is None else self._outcomes(validation)
        # Where it always happened, or never, the best model is the most extreme one.
        tells = held is not None and 0.0 < held.sum() < len(held)
        return Task("binary", "binary_logloss", outcomes, held if tells else None)

    def _outcomes(self, data: RankingData) -> Floats:
        return (data.labels > self.config.above).astype(np.float32)

    def probabilities(self, features: Floats) -> NDArray[np.float64]:
        """The probability of each row, shape (rows,), before any calibration."""
        return expit(self.score(features).astype(np.float64))
