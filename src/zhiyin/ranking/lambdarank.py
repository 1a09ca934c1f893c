"""LambdaRank: trees that learn the order with NDCG in mind."""

from __future__ import annotations

from zhiyin.core.protocols import RankingData
from zhiyin.ranking.trees import RankingTreesConfig, Task, TreesScorer, ranking_task


class LambdaRankConfig(RankingTreesConfig):
    """Hyperparameters of LambdaRank."""

    beyond: int = 3
    """Pairs count where one of them stands among the first k + this."""
    normalise: bool = True
    """Whether queries with large gradients are damped, which evens queries of unlike length."""


class LambdaRankScorer(TreesScorer):
    """Gradient-boosted trees on LambdaRank's gradients (Burges 2010; Ke et al., NIPS 2017).

    The objective is LightGBM's own; `zhiyin.ranking.objectives.LambdaRankObjective` has the same
    gradients, and the tests compare them. A row's weight multiplies its gradient. More than 256
    different labels are taken as 256 levels.
    """

    Config = LambdaRankConfig

    def _task(self, data: RankingData, validation: RankingData | None) -> Task:
        settings: LambdaRankConfig = self.config
        task = ranking_task("lambdarank", settings, data, validation)
        task.parameters["lambdarank_truncation_level"] = settings.k + settings.beyond
        task.parameters["lambdarank_norm"] = settings.normalise
        return task
