"""SLIT: a linear model of what comes next."""

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


class SlitConfig(Config):
    """Hyperparameters of SLIT."""

    decays: tuple[float, ...] = Field(default=(2.0, 10.0), min_length=1, max_length=4)
    """Memories of the past, in events: one block of weights for each."""
    l2: float = Field(default=300.0, gt=0)
    """Ridge penalty on the weights."""
    dropout: float = Field(default=0.25, ge=0, lt=1)
    """Share of each history hidden while learning, in expectation."""
    horizon: int = Field(default=60, ge=1)
    """Events further apart than this do not count as a pair."""


class SlitRetriever:
    """Regression of the next item on decayed memories of the past, in closed form.

    B = (S'S + l2 I + p/(1-p) diag(S'S))^-1 S'T, where row t of S holds the history up to
    event t, each event faded as exp(-age / decay), and row t of T the event after it:
    SLIT of Choi, Kim, Lee, Shim and Lee ("Session-aware linear item-item models for
    session-based recommendation", WWW 2021, eq. 8), with the past of every event in place
    of every split, and several decays side by side. Neither S nor T is ever built: with
    the memory going on after the last event, both products are sums over ordered pairs,
    S_a'S_b = (r_a F_a + r_b F_b' + D) / (1 - r_a r_b) and S_a'T = F_a, where
    r = exp(-1/decay), D holds the items' squared weights and F `transitions`.
    Cost: (blocks x items)^3 time and as much squared in memory.
    """

    Config = SlitConfig

    def __init__(self, config: SlitConfig | None = None) -> None:
        self.config = config or SlitConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Counts the ordered pairs and solves for the weights.

        Raises:
            NotEnoughDataError: The histories carry no order.
        """
        histories = data.in_order("slit")
        settings, n = self.config, data.n_items
        follows = transitions(histories, settings.decays, horizon=settings.horizon)
        squares = np.bincount(histories.items, np.square(histories.weights), minlength=n)
        products = _memory_products(follows, settings.decays, squares.astype(np.float32))
        hidden = settings.dropout / (1.0 - settings.dropout)
        ridge = np.float32(settings.l2) + np.float32(hidden) * products.diagonal()
        targets = np.concatenate(follows)
        del follows
        self._weights = ridge_regression(products, ridge, targets).reshape(-1, n, n)
        return self

    def score(self, queries: Queries) -> Floats:
        """The sum over decays of s B, with s the faded history."""
        history = queries.histories.resized(self._weights.shape[1])
        scores = np.zeros((len(queries), history.n_items), dtype=np.float32)
        for decay, weights in zip(self.config.decays, self._weights, strict=True):
            scores += histories_times(history, weights, decay=decay)
        return scores

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """What follows each asked item, had it come last."""
        return np.add.reduce(self._weights[:, items], axis=0, dtype=np.float32)

    def state(self) -> Arrays:
        """The weights, of shape (decays, items, items)."""
        return {"weights": self._weights}

    def restore(self, arrays: Arrays) -> Self:
        """Takes the weights back."""
        self._weights = arrays["weights"]
        return self


def _memory_products(follows: list[Floats], decays: tuple[float, ...], squares: Floats) -> Floats:
    """S'S over all pairs of decays: float32, Fortran order, (blocks x items) squared."""
    n = len(squares)
    result = np.empty((len(decays) * n, len(decays) * n), dtype=np.float32, order="F")
    fades = np.exp(-1.0 / np.asarray(decays)).astype(np.float32)
    for a, left in enumerate(fades):
        for b, right in enumerate(fades):
            block = left * follows[a] + right * follows[b].T
            block[np.diag_indices(n)] += squares
            block /= 1.0 - left * right
            result[a * n : (a + 1) * n, b * n : (b + 1) * n] = block
    return result
