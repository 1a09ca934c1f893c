"""Things like this: item-based nearest neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_matrix, vstack

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.products import (
    few_pairs,
    gram_blocks,
    gram_rows,
    keep_largest,
    rows_of,
    to_dense,
)
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
        rows = weighed.T.tocsr()
        shared = binary(columns).T.tocsr() if settings.shrinkage else None
        near = self._of_pairs if few_pairs(rows) else self._of_blocks
        kept = list(near(rows, shared, Moments.of(weighed)))
        self._alike = csr_matrix(vstack(kept)) if kept else csr_matrix(weighed[:, :0])
        self._alike.data **= np.float32(settings.power)
        return self

    def _of_blocks(
        self, rows: csr_matrix, shared: csr_matrix | None, moments: Moments
    ) -> Iterator[csr_matrix]:
        """The nearest of each item, among all items."""
        settings = self.config
        counted = iter(gram_blocks(shared)) if shared is not None else None
        for part, products in gram_blocks(rows):
            left = moments.part(part).column
            alike = likeness(products, left, moments, how=settings.similarity, width=rows.shape[0])
            if counted is not None:
                _, counts = next(counted)
                alike *= counts / (counts + np.float32(settings.shrinkage))
            alike[np.arange(part.stop - part.start), np.arange(part.start, part.stop)] = 0.0
            yield keep_largest(alike, settings.neighbours)

    def _of_pairs(
        self, rows: csr_matrix, shared: csr_matrix | None, moments: Moments
    ) -> Iterator[csr_matrix]:
        """The same among items that share a user, where those are few; all others are 0."""
        settings = self.config
        counted = iter(gram_rows(shared)) if shared is not None else None
        for part, products in gram_rows(rows):
            items = part.start + rows_of(products)
            left, right = moments.part(items), moments.part(products.indices)
            products.data = likeness(
                products.data, left, right, how=settings.similarity, width=rows.shape[0]
            )
            if counted is not None:
                _, counts = next(counted)
                both = counts.data[_places(products, counts)]
                products.data *= both / (both + np.float32(settings.shrinkage))
            products.data[items == products.indices] = 0.0
            yield keep_largest(products, settings.neighbours)

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


def _places(few: csr_matrix, many: csr_matrix) -> NDArray[np.intp]:
    """Where the entries of one matrix stand in another that has all of them."""
    keys = [rows_of(matrix) * matrix.shape[1] + matrix.indices for matrix in (few, many)]
    return np.searchsorted(keys[1], keys[0])


def binary(matrix: csr_matrix) -> csr_matrix:
    """The same entries, each 1."""
    ones = np.ones(len(matrix.data), dtype=np.float32)
    return csr_matrix((ones, matrix.indices, matrix.indptr), shape=matrix.shape)
