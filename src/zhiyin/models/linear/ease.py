"""EASE: the closed-form linear autoencoder."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.products import gram, histories_times, times_dense
from zhiyin.core.protocols import Arrays
from zhiyin.models.linear.solve import balanced, inverse, zero_diagonal_weights


class EaseConfig(Config):
    """Hyperparameters of EASE."""

    l2: float = Field(default=500.0, gt=0)
    """Ridge penalty on the item-to-item weights; larger for sparser data."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Share of each history hidden while learning, in expectation; holds frequent items back."""
    user_power: float = Field(default=0.0, ge=0, le=1)
    """Users count as (events / mean events) ^ -this, so that heavy users weigh less."""
    items: int | None = Field(default=None, ge=1)
    """Only this many items, the most frequent, take part; the others score 0. None: all."""
    query_decay: float | None = Field(default=None, gt=0)
    """Events of the queried history fade as exp(-position from the end / this); None: alike."""


class EaseRetriever:
    """Item-to-item weights with a zero diagonal, in closed form.

    B = I - P diag(1/P_jj) with P = (X'X + l2 I)^-1 (Steck, "Embarrassingly shallow
    autoencoders for sparse data", WWW 2019, eq. 8). With dropout p, the ridge grows by
    p/(1-p) diag(X'X) (Steck, "Autoencoders that don't overfit towards the identity",
    NeurIPS 2020, eq. 9). Cost: items^3 time, and one matrix of items^2 float32, in which
    everything happens.
    """

    Config = EaseConfig

    def __init__(self, config: EaseConfig | None = None) -> None:
        self.config = config or EaseConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Solves for the weights."""
        settings = self.config
        matrix = balanced(data.histories.positive().matrix(), power=settings.user_power)
        self._size, self._chosen = data.n_items, None
        if settings.items is not None and settings.items < data.n_items:
            frequency = np.bincount(matrix.indices, minlength=data.n_items)
            self._chosen = np.sort(np.argsort(-frequency, kind="stable")[: settings.items])
            matrix = matrix[:, self._chosen]
        products = gram(matrix)
        hidden = settings.dropout / (1.0 - settings.dropout)
        ridge = np.float32(settings.l2) + np.float32(hidden) * products.diagonal()
        self._weights = zero_diagonal_weights(inverse(products, ridge))
        return self

    def score(self, queries: Queries) -> Floats:
        """The product x B, with x the (decayed) history."""
        history = queries.histories.resized(self._size)
        decay = self.config.query_decay
        if self._chosen is None:
            return histories_times(history, self._weights, decay=decay)
        rows = history.matrix(decay=decay)
        return self._spread(times_dense(rows[:, self._chosen], self._weights))

    def _spread(self, scores: Floats) -> Floats:
        """Scores of the chosen items, and 0 for the others."""
        result = np.zeros((len(scores), self._size), dtype=np.float32)
        result[:, self._chosen] = scores
        return result

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """The weight from each asked item to every other."""
        if self._chosen is None:
            return np.array(self._weights[items], dtype=np.float32)
        places = np.full(self._size, -1)
        places[self._chosen] = np.arange(len(self._chosen))
        found = places[items]
        return self._spread(np.where(found[:, None] >= 0, self._weights[found], np.float32(0.0)))

    def state(self) -> Arrays:
        """The weight matrix, and which items it is about where not all."""
        if self._chosen is None:
            return {"weights": self._weights}
        size = np.array([self._size])
        return {"weights": self._weights, "chosen": self._chosen, "size": size}

    def restore(self, arrays: Arrays) -> Self:
        """Takes the weight matrix back."""
        self._weights, self._chosen = arrays["weights"], arrays.get("chosen")
        self._size = int(arrays["size"][0]) if "size" in arrays else len(self._weights)
        return self
