"""What people take of whom only attributes are known: age, place, occupation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve
from scipy.sparse import csr_matrix, hstack

from zhiyin.core.attributes import Attribute
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays


class NewcomersConfig(Config):
    """Hyperparameters of the ridge."""

    l2: float = 30.0
    """Ridge on the weights: so many users of a group count as much as all people."""
    least: int = 20
    """Groups of fewer users are not looked at."""
    most: int = 500
    """Only so many groups, the largest."""


class Newcomers:
    """Share of users who take an item, given the user's attributes.

    Score = mean + f B with B = (F'F + l2 I)^-1 F'(X - mean), F the users' attributes
    without their own mean and X who took what: ridge regression of behaviour on attributes.
    """

    def __init__(self, config: NewcomersConfig | None = None) -> None:
        self.config = config or NewcomersConfig()

    def fit(self, attributes: Sequence[Attribute], behaviour: csr_matrix) -> Self:
        """Solves for the weights.

        Args:
            attributes: Of the users.
            behaviour: X, ones, of shape (users, items).
        """
        rows = _joined(attributes)
        support = np.bincount(rows.indices, minlength=rows.shape[1])
        order = np.argsort(-support, kind="stable")[: self.config.most]
        self._columns = np.sort(order[support[order] >= self.config.least])
        chosen = np.asarray(rows[:, self._columns].toarray(), dtype=np.float32)
        self._centre = chosen.mean(axis=0)
        chosen -= self._centre
        self._share = np.asarray(behaviour.mean(axis=0), dtype=np.float32).ravel()
        products = chosen.T @ chosen
        products[np.diag_indices(len(products))] += np.float32(self.config.l2)
        answers = np.asarray((behaviour.T @ chosen).T, dtype=np.float32)
        self._weights: Floats = np.asarray(
            solve(products, answers, assume_a="pos") if len(products) else answers,
            dtype=np.float32,
        )
        return self

    def score(self, attributes: Sequence[Attribute]) -> Floats:
        """Expected share of takers of every item, float32 of shape (q, n_items)."""
        rows = np.asarray(_joined(attributes)[:, self._columns].toarray(), dtype=np.float32)
        return np.asarray(self._share + (rows - self._centre) @ self._weights, dtype=np.float32)

    def state(self) -> Arrays:
        """Everything that was learned."""
        return {
            "columns": self._columns,
            "centre": self._centre,
            "share": self._share,
            "weights": self._weights,
        }

    def restore(self, arrays: Arrays) -> Self:
        """Takes everything back."""
        self._columns: NDArray[np.int64] = np.asarray(arrays["columns"])
        self._centre, self._share = arrays["centre"], arrays["share"]
        self._weights = arrays["weights"]
        return self


def _joined(attributes: Sequence[Attribute]) -> csr_matrix:
    """All attributes side by side; a tag counts the same in any company."""
    parts = [csr_matrix(a.values) for a in attributes]
    joined = csr_matrix(hstack(parts)) if parts else csr_matrix(np.empty((0, 0), np.float32))
    joined.data = np.where(joined.data > 1e-6, np.float32(1.0), joined.data)
    return joined
