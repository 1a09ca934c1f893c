"""Things like this: item-based nearest neighbours."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_matrix, vstack

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.products import gram_blocks, keep_largest, to_dense
from zhiyin.core.protocols import Arrays
from zhiyin.models.neighbours.similarity import Moments, Similarity, Terms, Weighting, likeness


class KnnConfig(Config):
    """What both kinds of neighbours can be told."""

    neighbours: int = Field(default=100, ge=1)
    """Neighbours kept for each item or user."""
    similarity: Similarity = "cosine"
    """Measure of likeness."""
    weighting: Weighting = "none"
    """How much each event says: alike, or less where its user (or item) is everywhere."""
    shrinkage: float = Field(default=0.0, ge=0)
    """Likeness is multiplied by shared / (shared + this): few events in common prove little."""
    power: float = Field(default=1.0, gt=0)
    """Likeness is raised to this: above 1 the nearest speak louder."""
    bm25_k1: float = Field(default=1.2, gt=0)
    """Saturation of BM25."""
    bm25_b: float = Field(default=0.75, ge=0, le=1)
    """How far BM25 corrects for the length of a row."""
    query_decay: float | None = Field(default=None, gt=0)
    """Events of the queried history fade as exp(-position from the end / this); None: alike."""


class ItemKnnConfig(KnnConfig):
    """Hyperparameters of item-based neighbours."""


class ItemKnnRetriever:
    """Adds up, over a history, each item's nearest neighbours.

    Deshpande and Karypis, "Item-based top-N recommendation algorithms", TOIS 2004: the k
    most similar items of each item are kept, and score(i) = sum over the history of
    likeness(j, i). Items are documents and users their terms, so that with tf-idf or BM25
    those who like everything say little.
    """

    Config = ItemKnnConfig

    def __init__(self, config: ItemKnnConfig | None = None) -> None:
        self.config = config or ItemKnnConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Finds the neighbours, a block of items at a time."""
        settings = self.config
        columns = data.histories.positive().matrix().T.tocsr()
        weighed = Terms.of(columns).weigh(
            columns, how=settings.weighting, k1=settings.bm25_k1, b=settings.bm25_b
        )
        moments = Moments.of(weighed)
        shared = iter(gram_blocks(binary(columns).T.tocsr())) if settings.shrinkage else None
        kept: list[csr_matrix] = []
        for part, products in gram_blocks(weighed.T.tocsr()):
            alike = likeness(
                products,
                moments.part(part),
                moments,
                how=settings.similarity,
                width=columns.shape[1],
            )
            if shared is not None:
                _, counts = next(shared)
                alike *= counts / (counts + np.float32(settings.shrinkage))
            alike[np.arange(part.stop - part.start), np.arange(part.start, part.stop)] = 0.0
            block = keep_largest(alike, settings.neighbours)
            block.data **= np.float32(settings.power)
            kept.append(block)
        self._alike = csr_matrix(vstack(kept)) if kept else csr_matrix(weighed[:, :0])
        return self

    def score(self, queries: Queries) -> Floats:
        """The sum over the history of the neighbours' likeness."""
        history = queries.histories.resized(self._alike.shape[0])
        return to_dense(history.matrix(decay=self.config.query_decay) @ self._alike)

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """Likeness of each item's neighbours; 0 for all others."""
        return to_dense(self._alike[items])

    def state(self) -> Arrays:
        """The neighbours as a sparse matrix."""
        alike = self._alike
        return {"data": alike.data, "indices": alike.indices, "indptr": alike.indptr}

    def restore(self, arrays: Arrays) -> Self:
        """Takes the neighbours back."""
        n = len(arrays["indptr"]) - 1
        self._alike = csr_matrix(
            (arrays["data"], arrays["indices"], arrays["indptr"]), shape=(n, n)
        )
        return self


def binary(matrix: csr_matrix) -> csr_matrix:
    """The same entries, each 1."""
    ones = np.ones(len(matrix.data), dtype=np.float32)
    return csr_matrix((ones, matrix.indices, matrix.indptr), shape=matrix.shape)
