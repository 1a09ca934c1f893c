"""Pairwise logistic loss: trees that learn which of two rows stands higher."""

from __future__ import annotations

from pydantic import Field

from zhiyin.core.protocols import RankingData
from zhiyin.ranking.objectives import PairwiseObjective, per_row
from zhiyin.ranking.trees import RankingTreesConfig, Task, TreesScorer, ranking_task


class PairwiseConfig(RankingTreesConfig):
    """Hyperparameters of the pairwise logistic loss."""

    sigma: float = Field(default=1.0, gt=0)
    """Steepness of the logistic function."""
    per_query: bool = True
    """Whether every query counts the same, however many pairs it has."""


class PairwiseScorer(TreesScorer):
    """Gradient-boosted trees on the logistic loss over pairs (RankNet; Burges 2010, section 2).

    A pair has the weight of its better row.
    """

    Config = PairwiseConfig

    def _task(self, data: RankingData, validation: RankingData | None) -> Task:
        settings: PairwiseConfig = self.config
        loss = PairwiseObjective(
            data.labels,
            data.indptr,
            weights=data.weights,
            sigma=settings.sigma,
            per_query=settings.per_query,
        )
        objective = per_row(loss, data.indptr) if settings.per_query else loss
        return ranking_task(objective, settings, data, validation)
