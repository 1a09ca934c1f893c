"""BPR: vectors that put what was liked before what was not."""

from __future__ import annotations

from typing import Any, Self, cast

import numpy as np
from implicit.cpu.bpr import (
    BayesianPersonalizedRanking,  # pyright: ignore[reportUnknownVariableType]
)
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_matrix

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays
from zhiyin.core.threads import one_blas_thread
from zhiyin.models.factorisation.training import stop_at, unit_rows


class BprConfig(Config):
    """Hyperparameters of BPR."""

    factors: int = Field(default=64, ge=1)
    """Length of the vectors."""
    learning_rate: float = Field(default=0.05, gt=0)
    """Step of the stochastic gradient."""
    l2: float = Field(default=0.002, ge=0)
    """Penalty on the vectors."""
    iterations: int = Field(default=60, ge=1)
    """Passes over the events."""
    num_threads: int = Field(default=1, ge=0)
    """Threads of training; with more than 1 (0: all cores) runs differ from one another."""
    query_decay: float | None = Field(default=None, gt=0)
    """Events of the queried history fade as exp(-position from the end / this); None: alike."""


class BprRetriever:
    """Matrix factorisation under a pairwise loss, by stochastic gradients.

    Rendle, Freudenthaler, Gantner and Schmidt-Thieme, "BPR: Bayesian personalized ranking
    from implicit feedback", UAI 2009, section 4.3.1; trained by ``implicit``, which takes
    every event as one like. A user's vector is scale x mean vector of the queried history
    + what training learned of this user beyond the mean of the history it saw: known users
    keep their trained vector until they act again, new ones are served from their history.
    """

    Config = BprConfig

    def __init__(self, config: BprConfig | None = None) -> None:
        self.config = config or BprConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Samples and steps until the passes or the time are spent."""
        settings = self.config
        matrix = data.histories.positive().matrix()
        with one_blas_thread():
            model = cast(Any, BayesianPersonalizedRanking)(
                factors=settings.factors,
                learning_rate=settings.learning_rate,
                regularization=settings.l2,
                iterations=settings.iterations,
                num_threads=settings.num_threads,
                random_state=int(rng.integers(2**31)),
            )
            if matrix.nnz:
                stop_at(deadline, lambda tick: model.fit(matrix, False, tick))
                users, items = np.array(model.user_factors), np.array(model.item_factors)
            else:  # implicit cannot sample from nothing
                users, items = np.zeros((len(data.histories), 2)), np.zeros((data.n_items, 2))
        # The last column of the items is their bias, that of the users is 1.
        self._items: Floats = items[:, :-1].astype(np.float32)
        self._bias: Floats = items[:, -1].astype(np.float32)
        learned: Floats = users[:, :-1].astype(np.float32)
        means = self._mean(data.histories.matrix(decay=settings.query_decay))
        size = float(np.square(means).sum(dtype=np.float64))
        self._scale = np.array([float((learned * means).sum(dtype=np.float64)) / max(size, 1e-9)])
        self._beyond = (learned - self._scale.astype(np.float32) * means).astype(np.float32)
        return self

    def _mean(self, rows: csr_matrix) -> Floats:
        """The weighted mean of each row's item vectors; 0 for empty rows."""
        owners = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        total = np.bincount(owners, np.abs(rows.data), minlength=rows.shape[0])
        summed = np.asarray(rows @ self._items, dtype=np.float32)
        return summed / np.maximum(total, 1e-9)[:, None].astype(np.float32)

    def score(self, queries: Queries) -> Floats:
        """Inner products with the items, and their bias."""
        history = queries.histories.resized(len(self._items))
        users = self._mean(history.matrix(decay=self.config.query_decay))
        users *= self._scale.astype(np.float32)
        known = np.flatnonzero((queries.users >= 0) & (queries.users < len(self._beyond)))
        users[known] += self._beyond[queries.users[known]]
        scores: Floats = users @ self._items.T
        scores += self._bias
        return scores

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """Cosines of the items' vectors."""
        rows = unit_rows(self._items)
        return rows[items] @ rows.T

    def state(self) -> Arrays:
        """Vectors and biases of items, and what is known of users."""
        return {
            "items": self._items,
            "bias": self._bias,
            "scale": self._scale,
            "beyond": self._beyond,
        }

    def restore(self, arrays: Arrays) -> Self:
        """Takes the arrays back."""
        self._items, self._bias = arrays["items"], arrays["bias"]
        self._scale, self._beyond = arrays["scale"], arrays["beyond"]
        return self
