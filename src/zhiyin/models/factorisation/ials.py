"""iALS: weighted matrix factorisation by alternating least squares."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_matrix

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.protocols import Arrays
from zhiyin.core.threads import one_blas_thread
from zhiyin.models.factorisation.fold_in import fold_in
from zhiyin.models.factorisation.training import stop_at, unit_rows


class IalsConfig(Config):
    """Hyperparameters of iALS."""

    factors: int = Field(default=64, ge=1)
    """Length of the vectors."""
    l2: float = Field(default=5.0, gt=0)
    """Ridge penalty on the vectors."""
    alpha: float = Field(default=5.0, gt=0)
    """An event of weight w counts 1 + alpha w, its absence 1."""
    iterations: int = Field(default=15, ge=1)
    """Sweeps over users and items."""
    num_threads: int = Field(default=0, ge=0)
    """Threads of training; 0 takes all cores. The result does not depend on it."""
    query_decay: float | None = Field(default=None, gt=0)
    """Events of the queried history fade as exp(-position from the end / this); None: alike."""


class IalsRetriever:
    """Vectors of users and items that reproduce who did what, absence weighing little.

    Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM
    2008, eqs. 3-5; trained by ``implicit`` (conjugate gradients). Only the items' vectors
    are kept: a query's vector is solved for from its history, so a new event, or a new
    user, counts at once.
    """

    Config = IalsConfig

    def __init__(self, config: IalsConfig | None = None) -> None:
        self.config = config or IalsConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Alternates until the sweeps or the time are spent."""
        settings = self.config
        matrix = data.histories.positive().matrix()
        confidences = csr_matrix(
            (1.0 + np.float32(settings.alpha) * matrix.data, matrix.indices, matrix.indptr),
            shape=matrix.shape,
        )
        with one_blas_thread():  # implicit runs its own threads
            model: Any = AlternatingLeastSquares(
                factors=settings.factors,
                regularization=settings.l2,
                iterations=settings.iterations,
                num_threads=settings.num_threads,
                random_state=int(rng.integers(2**31)),
            )
            stop_at(deadline, lambda tick: model.fit(confidences, False, tick))
        self._items: Floats = np.array(model.item_factors, dtype=np.float32)
        self._gram = self._items.T @ self._items
        return self

    def score(self, queries: Queries) -> Floats:
        """Inner products of the folded-in users with the items."""
        return self.users(queries.histories) @ self._items.T

    def users(self, histories: Histories) -> Floats:
        """The vectors that best explain some histories.

        Returns:
            float32 of shape (q, factors); 0 for empty histories.
        """
        return fold_in(
            histories.resized(len(self._items)),
            items=self._items,
            gram=self._gram,
            l2=self.config.l2,
            alpha=self.config.alpha,
            decay=self.config.query_decay,
        )

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """Cosines of the items' vectors."""
        rows = unit_rows(self._items)
        return rows[items] @ rows.T

    def state(self) -> Arrays:
        """The items' vectors and their inner products."""
        return {"items": self._items, "gram": self._gram}

    def restore(self, arrays: Arrays) -> Self:
        """Takes the vectors back."""
        self._items, self._gram = arrays["items"], arrays["gram"]
        return self
