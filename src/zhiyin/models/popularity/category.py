"""What everybody likes among what this user likes."""

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
from zhiyin.models.popularity.counting import weighted_users


class CategoryPopularityConfig(Config):
    """How far categories decide."""

    prior: float = Field(default=1.0, gt=0)
    """Weight of the whole catalogue beside a history's categories, in events."""
    query_decay: float | None = Field(default=None, gt=0)
    """Events of the queried history fade as exp(-position from the end / this); None: alike."""


class CategoryPopularityRetriever:
    """Popularity within categories, weighed by how much the history is about each.

    score(u, i) = (sum over i's categories c of affinity(u, c) share(i, c) + prior share(i))
    with share(i, c) = log(1 + users of i) / its sum over c, and affinity the history's
    weight in c, each event split evenly over its item's categories. An item without a
    category, and a history without one, is left with plain popularity.
    """

    Config = CategoryPopularityConfig

    def __init__(self, config: CategoryPopularityConfig | None = None) -> None:
        self.config = config or CategoryPopularityConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Counts users per item and spreads them over categories."""
        popularity = np.log1p(weighted_users(data.histories.positive(), None))
        self._overall = popularity / max(float(popularity.sum()), 1e-9)
        none = np.empty(0, dtype=np.int32)
        categories, items = data.categories or (none, none)
        shape = (data.n_items, max(1, data.n_categories))
        member = csr_matrix((np.ones(len(items), dtype=np.float32), (items, categories)), shape)
        member.data[:] = 1.0  # a category named twice counts once
        totals = np.maximum(member.T @ popularity, 1e-9)
        self._items, self._pointers = member.indices, member.indptr
        owners = np.repeat(np.arange(shape[0]), np.diff(member.indptr))
        self._shares = (popularity[owners] / totals[member.indices]).astype(np.float32)
        self._width = np.array([shape[1]])
        return self

    def _matrices(self) -> tuple[csr_matrix, csr_matrix]:
        """Items x categories: each item's split over them, and its share of each."""
        shape = (len(self._overall), int(self._width[0]))
        counts = np.diff(self._pointers)
        split = (1.0 / np.repeat(np.maximum(counts, 1), counts)).astype(np.float32)
        return (
            csr_matrix((split, self._items, self._pointers), shape=shape),
            csr_matrix((self._shares, self._items, self._pointers), shape=shape),
        )

    def score(self, queries: Queries) -> Floats:
        """Affinity x share over the categories, and the whole catalogue's beside it."""
        history = queries.histories.resized(len(self._overall))
        return self._rank(history.matrix(decay=self.config.query_decay))

    def _rank(self, rows: csr_matrix) -> Floats:
        split, shares = self._matrices()
        affinity = np.asarray((rows @ split).toarray(), dtype=np.float32)
        scores = np.asarray((shares @ affinity.T).T, dtype=np.float32)
        return np.add(scores, np.float32(self.config.prior) * self._overall, order="C")

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """What is popular in each item's categories."""
        alone = (np.ones(len(items), dtype=np.float32), items, np.arange(len(items) + 1))
        return self._rank(csr_matrix(alone, shape=(len(items), len(self._overall))))

    def state(self) -> Arrays:
        """Shares, overall and by category."""
        return {
            "overall": self._overall,
            "items": self._items,
            "pointers": self._pointers,
            "shares": self._shares,
            "width": self._width,
        }

    def restore(self, arrays: Arrays) -> Self:
        """Takes the shares back."""
        self._overall, self._shares = arrays["overall"], arrays["shares"]
        self._items, self._pointers = arrays["items"], arrays["pointers"]
        self._width = arrays["width"]
        return self
