"""Turbo-CF: a polynomial filter on the graph of items."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.lowrank import normalised
from zhiyin.core.products import gram, histories_times
from zhiyin.core.protocols import Arrays


class TurboCfConfig(Config):
    """Hyperparameters of Turbo-CF."""

    user_power: float = Field(default=0.3, ge=0, le=1)
    """Share of the normalisation that falls on users; the rest falls on items."""
    power: float = Field(default=1.0, gt=0)
    """Each edge of the item graph is raised to this; below 1 it evens them out."""
    order: Literal[1, 2, 3] = 2
    """Degree of the polynomial: 1 linear, 2 and 3 pass low frequencies more sharply."""
    query_decay: float | None = Field(default=None, gt=0)
    """Events of the queried history fade as exp(-position from the end / this); None: alike."""


class TurboCfRetriever:
    """x H(P) with P = (R'R)^power taken entry by entry, R = D_U^-a X D_I^(a-1).

    H is P, 2P - P^2, or P + 0.01 (-P^3 + 10 P^2 - 29 P) (Park, Shin and Shin, "Turbo-CF:
    matrix decomposition-free graph filtering for fast recommendation", SIGIR 2024, eqs.
    5-9). Costs items^2 memory; items^3 time above order 1.
    """

    Config = TurboCfConfig

    def __init__(self, config: TurboCfConfig | None = None) -> None:
        self.config = config or TurboCfConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Builds the item graph and its filter."""
        settings = self.config
        rows, _ = normalised(data.histories.positive().matrix(), user_power=settings.user_power)
        graph = gram(rows).T
        np.maximum(graph, 0.0, out=graph)
        graph **= np.float32(settings.power)
        self._filter = _polynomial(graph, settings.order)
        return self

    def score(self, queries: Queries) -> Floats:
        """The filter applied to the (decayed) history."""
        history = queries.histories.resized(len(self._filter))
        return histories_times(history, self._filter, decay=self.config.query_decay)

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """What a history of the asked item alone would score."""
        return np.array(self._filter[items], dtype=np.float32)

    def state(self) -> Arrays:
        """The filter."""
        return {"filter": self._filter}

    def restore(self, arrays: Arrays) -> Self:
        """Takes the filter back."""
        self._filter = arrays["filter"]
        return self


def _polynomial(graph: Floats, order: int) -> Floats:
    if order == 1:
        return graph
    square: Floats = graph @ graph
    if order == 2:
        return np.subtract(2.0 * graph, square, dtype=np.float32)
    cube: Floats = square @ graph
    return np.subtract(0.71 * graph + 0.1 * square, 0.01 * cube, dtype=np.float32)
