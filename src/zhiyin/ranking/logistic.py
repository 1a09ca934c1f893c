"""Logistic regression: a probability that anybody can recompute."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import scipy  # its parts load when they are first used: serving needs none of them
from numpy.typing import NDArray
from pydantic import Field
from scipy.special import expit

from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import RankingData
from zhiyin.ranking.groups import Reals
from zhiyin.ranking.linear_form import LinearForm


class LogisticConfig(Config):
    """Hyperparameters of logistic regression."""

    l2: float = Field(default=1e-3, gt=0)
    """Ridge penalty (half of it times the squared coefficients of standardised features), beside
    the mean log-loss of a row."""
    above: float = Field(default=0.0, ge=0)
    """It happened where the label is above this."""
    iterations: int = Field(default=500, ge=1)
    """Steps of L-BFGS at most."""


class LogisticScorer(LinearForm):
    """L2 logistic regression on standardised features, by L-BFGS in float64.

    Queries do not matter to it. Scores are log-odds. The intercept is not penalised beyond
    1e-6, which keeps it finite where all labels are alike.
    """

    Config = LogisticConfig

    def __init__(self, config: LogisticConfig | None = None) -> None:
        self.config = config or LogisticConfig()

    def fit(
        self,
        data: RankingData,
        *,
        rng: np.random.Generator,
        deadline: Deadline,
        validation: RankingData | None = None,
    ) -> Self:
        """Minimises the penalised log-loss.

        Raises:
            NotEnoughDataError: There is no row.
        """
        values, weights = self._prepare(data)
        x = np.column_stack([values, np.ones(len(values))])
        sign = np.where(data.labels > self.config.above, 1.0, -1.0)
        penalty = np.full(x.shape[1], self.config.l2)
        penalty[-1] = 1e-6

        def loss(w: Reals) -> tuple[float, Reals]:
            margin = sign * (x @ w)
            value = weights @ np.logaddexp(0.0, -margin) + 0.5 * penalty @ w**2
            return float(value), penalty * w - x.T @ (weights * sign * expit(-margin))

        def stop(_: Reals) -> None:
            if deadline.left <= 0:
                raise StopIteration

        minimize: Any = scipy.optimize.minimize
        found = minimize(
            loss,
            np.zeros(x.shape[1]),
            jac=True,
            method="L-BFGS-B",
            callback=stop,
            options={"maxiter": self.config.iterations, "gtol": 1e-8, "ftol": 1e-14},
        )
        self._coefficients = found.x[:-1]
        self._intercept = float(found.x[-1])
        return self

    def probabilities(self, features: Floats) -> NDArray[np.float64]:
        """The probability of each row, shape (rows,)."""
        return expit(self.score(features).astype(np.float64))
