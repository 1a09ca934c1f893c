"""People like you: user-based nearest neighbours."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats
from zhiyin.core.products import keep_largest, to_dense
from zhiyin.core.protocols import Arrays
from zhiyin.core.topk import chunks
from zhiyin.models.neighbours.item_knn import KnnConfig, binary
from zhiyin.models.neighbours.similarity import Moments, Terms, likeness


class UserKnnConfig(KnnConfig):
    """Hyperparameters of user-based neighbours."""


class UserKnnRetriever:
    """Adds up what the users most like the queried history have liked.

    Resnick, Iacovou, Suchak, Bergstrom and Riedl, "GroupLens", CSCW 1994, for top-n: the k
    most similar users vote with their likeness. The queried history is compared afresh, so
    users that training never saw are served alike; known users are not their own
    neighbours.
    """

    Config = UserKnnConfig

    def __init__(self, config: UserKnnConfig | None = None) -> None:
        self.config = config or UserKnnConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Keeps every user's row, and an index from items to users."""
        self._rows = data.histories.positive().matrix()
        self._terms = Terms.of(self._rows)
        return self._index()

    def _index(self) -> Self:
        weighed = self._weigh(self._rows)
        self._moments = Moments.of(weighed)
        self._by_item = weighed.T.tocsr()
        return self

    def _weigh(self, rows: csr_matrix) -> csr_matrix:
        settings = self.config
        return self._terms.weigh(
            rows, how=settings.weighting, k1=settings.bm25_k1, b=settings.bm25_b
        )

    def score(self, queries: Queries) -> Floats:
        """The neighbours' likeness, summed over those who liked each item."""
        scores = np.empty((len(queries), self._rows.shape[1]), dtype=np.float32)
        for part in chunks(len(queries), width=max(1, self._rows.shape[0])):
            scores[part] = to_dense(self.neighbours(queries.take(part)) @ self._rows)
        return scores

    def neighbours(self, queries: Queries) -> csr_matrix:
        """Likeness of the nearest training users to each query.

        Returns:
            float32 of shape (q, training users), with at most ``neighbours`` entries a row.
        """
        settings = self.config
        history = queries.histories.resized(self._rows.shape[1])
        rows = history.matrix(decay=settings.query_decay)
        weighed = self._weigh(rows)
        alike = likeness(
            to_dense(weighed @ self._by_item),
            Moments.of(weighed).column,
            self._moments,
            how=settings.similarity,
            width=self._rows.shape[1],
        )
        if settings.shrinkage:
            counts = to_dense(binary(rows) @ binary(self._by_item))
            alike *= counts / (counts + np.float32(settings.shrinkage))
        known = np.flatnonzero((queries.users >= 0) & (queries.users < self._rows.shape[0]))
        alike[known, queries.users[known]] = 0.0
        nearest = keep_largest(alike, settings.neighbours)
        nearest.data **= np.float32(settings.power)
        return nearest

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """Cosine of the items' users."""
        norms = np.sqrt(Moments.of(self._by_item).squares)
        norms = np.where(norms > 0, norms, np.float32(1.0)).astype(np.float32)
        products = to_dense(csr_matrix(self._by_item[items] @ self._by_item.T))
        products /= norms[items][:, None] * norms
        return products

    def state(self) -> Arrays:
        """Every user's row, and what the items are worth as terms."""
        return {
            "data": self._rows.data,
            "indices": self._rows.indices,
            "indptr": self._rows.indptr,
            "rarity": self._terms.rarity,
            "mean_length": np.array([self._terms.mean_length]),
        }

    def restore(self, arrays: Arrays) -> Self:
        """Takes the rows back and builds the index from items to users."""
        self._terms = Terms(arrays["rarity"], float(arrays["mean_length"][0]))
        self._rows = csr_matrix(
            (arrays["data"], arrays["indices"], arrays["indptr"]),
            shape=(len(arrays["indptr"]) - 1, len(arrays["rarity"])),
        )
        return self._index()
