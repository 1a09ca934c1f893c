"""Local SLIT: what is done around the same time goes together."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.products import histories_times
from zhiyin.core.protocols import Arrays
from zhiyin.models.linear.solve import ridge_regression
from zhiyin.models.linear.transitions import transitions


class LocalSlitConfig(Config):
    """Hyperparameters of local SLIT."""

    decay: float = Field(default=15.0, gt=0)
    """How far neighbourhood reaches, in events."""
    l2: float = Field(default=300.0, gt=0)
    """Ridge penalty on the weights."""
    dropout: float = Field(default=0.33, ge=0, lt=1)
    """Share of each history hidden while learning, in expectation."""
    horizon: int = Field(default=45, ge=1)
    """Events further apart than this do not count as a pair."""
    query_decay: float | None = Field(default=None, gt=0)
    """Events of the queried history fade as exp(-position from the end / this); None: alike."""


class LocalSlitRetriever:
    """Regression of an item on those that surround it in time, in both directions.

    B = (r F + D + l2 I + p/(1-p) D)^-1 F with a zero diagonal, where F holds the decayed
    counts of pairs in either order, r = exp(-1/decay) and D the items' squared weights:
    the two-sided twin of SLIT (Choi et al., WWW 2021, eq. 8), for filling gaps inside a
    history (a random split, an import without the last events) rather than its end.
    """

    Config = LocalSlitConfig

    def __init__(self, config: LocalSlitConfig | None = None) -> None:
        self.config = config or LocalSlitConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Counts the pairs and solves for the weights.

        Raises:
            NotEnoughDataError: The histories carry no order.
        """
        settings = self.config
        histories = data.in_order("local-slit")
        (near,) = transitions(histories, [settings.decay], horizon=settings.horizon)
        near += near.T.copy()
        squares = np.bincount(
            histories.items, np.square(histories.weights), minlength=data.n_items
        ).astype(np.float32)
        products = np.asfortranarray(np.float32(np.exp(-1.0 / settings.decay)) * near)
        products[np.diag_indices(data.n_items)] += squares
        hidden = settings.dropout / (1.0 - settings.dropout)
        ridge = np.float32(settings.l2) + np.float32(hidden) * squares
        self._weights = ridge_regression(products, ridge, near)
        self._weights[np.diag_indices(data.n_items)] = 0.0
        return self

    def score(self, queries: Queries) -> Floats:
        """The product x B, with x the (decayed) history."""
        history = queries.histories.resized(len(self._weights))
        return histories_times(history, self._weights, decay=self.config.query_decay)

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """The weight from each asked item to every other."""
        return np.array(self._weights[items], dtype=np.float32)

    def state(self) -> Arrays:
        """The weight matrix."""
        return {"weights": self._weights}

    def restore(self, arrays: Arrays) -> Self:
        """Takes the weight matrix back."""
        self._weights = arrays["weights"]
        return self
