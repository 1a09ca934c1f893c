"""EASE through its users: the same model where the catalogue is larger than the audience."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_matrix

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays
from zhiyin.models.linear.solve import balanced, inverse

_BLOCK = 1024


class DualEaseConfig(Config):
    """The hyperparameters of EASE, which mean the same here."""

    l2: float = Field(default=500.0, gt=0)
    """Ridge penalty on the item-to-item weights; larger for sparser data."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Share of each history hidden while learning, in expectation; holds frequent items back."""
    user_power: float = Field(default=0.0, ge=0, le=1)
    """Users count as (events / mean events) ^ -this, so that heavy users weigh less."""
    query_decay: float | None = Field(default=None, gt=0)
    """Events of the queried history fade as exp(-position from the end / this); None: alike."""


class DualEaseRetriever:
    """EASE with users^3 time and users^2 memory instead of items^3 and items^2.

    With W the (scaled) users x items matrix and L the diagonal ridge, Woodbury's identity
    gives P = (W'W + L)^-1 = L^-1 - L^-1 W' K W L^-1 with K = (W L^-1 W' + I)^-1, so that
    x B = x - x P / diag(P) needs no items x items matrix (identity: Woodbury, 1950; model:
    Steck, WWW 2019, eq. 8). The answer equals EASE's.
    """

    Config = DualEaseConfig

    def __init__(self, config: DualEaseConfig | None = None) -> None:
        self.config = config or DualEaseConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Inverts the users x users matrix and takes the diagonal of P."""
        settings = self.config
        rows = balanced(data.histories.positive().matrix(), power=settings.user_power)
        squares = np.bincount(rows.indices, np.square(rows.data), minlength=data.n_items)
        hidden = settings.dropout / (1.0 - settings.dropout)
        self._ridge = (settings.l2 + hidden * squares).astype(np.float32)
        self._rows = csr_matrix(
            (rows.data / self._ridge[rows.indices], rows.indices, rows.indptr), shape=rows.shape
        )
        kernel = np.asfortranarray((self._rows @ rows.T).toarray(), dtype=np.float32)
        self._kernel = np.ascontiguousarray(inverse(kernel, 1.0))
        self._precision = (1.0 / self._ridge - self._leverage()).astype(np.float32)
        return self

    def _leverage(self) -> Floats:
        """The diagonal of L^-1 W' K W L^-1, by blocks of items."""
        columns = self._rows.T.tocsr()
        result = np.empty(columns.shape[0], dtype=np.float32)
        for start in range(0, len(result), _BLOCK):
            part = columns[start : start + _BLOCK]
            result[start : start + _BLOCK] = np.einsum(
                "ij,ij->i", part.toarray(), np.asarray(part @ self._kernel)
            )
        return result

    def score(self, queries: Queries) -> Floats:
        """The product x B, with x the (decayed) history."""
        history = queries.histories.resized(len(self._ridge))
        return self._apply(history.matrix(decay=self.config.query_decay))

    def _apply(self, query: csr_matrix) -> Floats:
        """The product x B for sparse rows x of shape (q, n_items)."""
        shared = np.asarray((query @ self._rows.T).toarray(), dtype=np.float32)
        through_users = np.asarray((shared @ self._kernel) @ self._rows, dtype=np.float32)
        dense = np.asarray(query.toarray(), dtype=np.float32)
        result = through_users + dense * (self._precision - 1.0 / self._ridge)
        return np.divide(result, self._precision, dtype=np.float32)

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """The weight from each asked item to every other."""
        picked = np.arange(len(items) + 1)
        ones = np.ones(len(items), dtype=np.float32)
        return self._apply(csr_matrix((ones, items, picked), shape=(len(items), len(self._ridge))))

    def state(self) -> Arrays:
        """The scaled rows, the users' kernel and two diagonals."""
        return {
            "data": self._rows.data,
            "indices": self._rows.indices,
            "indptr": self._rows.indptr,
            "kernel": self._kernel,
            "ridge": self._ridge,
            "precision": self._precision,
        }

    def restore(self, arrays: Arrays) -> Self:
        """Takes the arrays back."""
        self._kernel, self._ridge = arrays["kernel"], arrays["ridge"]
        self._precision = arrays["precision"]
        self._rows = csr_matrix(
            (arrays["data"], arrays["indices"], arrays["indptr"]),
            shape=(len(self._kernel), len(self._ridge)),
        )
        return self
