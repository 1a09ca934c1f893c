"""Ridge regression on labels: an order that anybody can recompute."""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import Field
from scipy.linalg import solve

from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.protocols import RankingData
from zhiyin.ranking.groups import Reals, groups_of
from zhiyin.ranking.linear_form import LinearForm


class LinearConfig(Config):
    """Hyperparameters of ridge regression."""

    l2: float = Field(default=1e-3, gt=0)
    """Ridge penalty on coefficients of standardised features, beside the mean over rows of the
    squared error."""
    within_queries: bool = True
    """Whether only differences between rows of a query are explained. What all rows of a query
    share, like the hour, says nothing about their order then."""


class LinearScorer(LinearForm):
    """Ridge regression of labels on standardised features, in closed form.

    Within queries, features and labels are taken as differences from the query's mean, which is
    least squares over all pairs of rows, each query's divided by its number of rows.
    """

    Config = LinearConfig

    def __init__(self, config: LinearConfig | None = None) -> None:
        self.config = config or LinearConfig()

    def fit(
        self,
        data: RankingData,
        *,
        rng: np.random.Generator,
        deadline: Deadline,
        validation: RankingData | None = None,
    ) -> Self:
        """Solves for the coefficients.

        Raises:
            NotEnoughDataError: There is no row.
        """
        values, weights = self._prepare(data)
        columns = np.column_stack([values, data.labels.astype(np.float64)])
        mean = weights @ columns
        within = self.config.within_queries
        centred = columns - (_means_of_queries(data, columns, weights) if within else mean)
        x, y = centred[:, :-1], centred[:, -1]
        gram = (x * weights[:, None]).T @ x
        gram[np.diag_indices_from(gram)] += self.config.l2
        self._coefficients = solve(gram, x.T @ (weights * y), assume_a="pos")
        self._intercept = float(mean[-1] - mean[:-1] @ self._coefficients)
        return self


def _means_of_queries(data: RankingData, columns: Reals, weights: Reals) -> Reals:
    """The weighted mean of its query, for each row: shape (rows, columns)."""
    groups = groups_of(data.indptr)
    total = np.maximum(groups.sums(weights), np.finfo(np.float64).tiny)
    sums = np.add.reduceat(columns * weights[:, None], groups.starts, axis=0)
    return np.repeat(sums / total[:, None], groups.lengths, axis=0)
