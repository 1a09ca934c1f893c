"""ListNet: trees that learn which row of a query is the one."""

from __future__ import annotations

from zhiyin.core.protocols import RankingData
from zhiyin.ranking.objectives import ListNetObjective, Target, per_row
from zhiyin.ranking.trees import RankingTreesConfig, Task, TreesScorer, ranking_task


class ListNetConfig(RankingTreesConfig):
    """Hyperparameters of ListNet."""

    target: Target = "share"
    """Labels as a distribution: "share" is label / sum, "softmax" is exp(label) / sum."""


class ListNetScorer(TreesScorer):
    """Gradient-boosted trees on the cross-entropy of top-one probabilities (Cao et al. 2007).

    With one clicked row in a hundred, the softmax of labels is nearly uniform; "share" puts all
    probability on what was clicked. A query counts as often as the mean query has rows.
    """

    Config = ListNetConfig

    def _task(self, data: RankingData, validation: RankingData | None) -> Task:
        settings: ListNetConfig = self.config
        loss = ListNetObjective(
            data.labels, data.indptr, weights=data.weights, target=settings.target
        )
        return ranking_task(per_row(loss, data.indptr), settings, data, validation)
