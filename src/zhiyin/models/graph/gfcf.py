"""GF-CF: a low-pass filter on the graph of users and items."""

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
from zhiyin.core.lowrank import leading_eigenvectors, normalised
from zhiyin.core.products import (
    few_pairs,
    gram,
    gram_blocks,
    gram_rows,
    keep_largest,
    times_dense,
    to_dense,
)
from zhiyin.core.protocols import Arrays


class GfcfConfig(Config):
    """Hyperparameters of GF-CF."""

    rank: int = Field(default=256, ge=1)
    """Frequencies that the ideal low-pass filter lets through."""
    alpha: float = Field(default=0.3, ge=0)
    """Weight of the ideal low-pass filter beside the linear one."""
    neighbours: int | None = Field(default=None, ge=1)
    """Co-occurrences kept for each item; None keeps all, in items^2 memory."""
    query_decay: float | None = Field(default=None, gt=0)
    """Events of the queried history fade as exp(-position from the end / this); None: alike."""


class GfcfRetriever:
    """Normalised co-occurrence plus a low-rank part; nothing is trained.

    s = x (R'R + alpha D^-1/2 V V' D^1/2), where R = D_U^-1/2 X D^-1/2, D_U and D hold the
    users' and the items' degrees, and V the leading right singular vectors of R (Shen, Wu,
    Zhang, Shan, Zhang, Letaief and Li, "How powerful is graph convolution for
    recommendation?", CIKM 2021, eq. 17).
    """

    Config = GfcfConfig

    def __init__(self, config: GfcfConfig | None = None) -> None:
        self.config = config or GfcfConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Normalises, multiplies, and finds the leading singular vectors."""
        settings = self.config
        rows, degrees = normalised(data.histories.positive().matrix(), user_power=0.5)
        root = np.sqrt(np.maximum(degrees, np.float32(1.0))).astype(np.float32)
        dense = gram(rows).T if settings.neighbours is None else None

        def apply(block: Floats) -> Floats:
            if dense is not None:
                return dense @ block
            return np.asarray(rows.T @ (rows @ block), dtype=np.float32)

        _, vectors = leading_eigenvectors(
            apply, size=data.n_items, rank=settings.rank, rng=rng, deadline=deadline
        )
        self._into = vectors / root[:, None]
        self._back = np.ascontiguousarray(vectors.T * root * np.float32(settings.alpha))
        if dense is not None:
            # One matrix holds both filters: a query is one product.
            dense += self._into @ self._back
            self._near: Floats | csr_matrix = dense
        else:
            blocks = gram_rows(rows) if few_pairs(rows) else gram_blocks(rows)
            kept = [keep_largest(block, settings.neighbours or 1) for _, block in blocks]
            self._near = csr_matrix(vstack(kept)) if kept else csr_matrix(rows[:0])
        return self

    def score(self, queries: Queries) -> Floats:
        """Both filters applied to the (decayed) history."""
        history = queries.histories.resized(self._near.shape[0])
        return self._filter(history.matrix(decay=self.config.query_decay))

    def _filter(self, rows: csr_matrix) -> Floats:
        if not isinstance(self._near, csr_matrix):
            return times_dense(rows, self._near)
        scores = to_dense(csr_matrix(rows @ self._near))
        scores += times_dense(rows, self._into) @ self._back
        return scores

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """What a history of the asked item alone would score."""
        ones = np.ones(len(items), dtype=np.float32)
        alone = (ones, items, np.arange(len(items) + 1))
        return self._filter(csr_matrix(alone, shape=(len(items), self._near.shape[0])))

    def state(self) -> Arrays:
        """One matrix; or the co-occurrences, and the way into the spectrum and back."""
        near = self._near
        if not isinstance(near, csr_matrix):
            return {"filter": near}
        spectrum = {"into": self._into, "back": self._back}
        return spectrum | {"data": near.data, "indices": near.indices, "indptr": near.indptr}

    def restore(self, arrays: Arrays) -> Self:
        """Takes the arrays back."""
        if "filter" in arrays:
            self._near = arrays["filter"]
            return self
        self._into, self._back = arrays["into"], arrays["back"]
        n = len(self._into)
        self._near = csr_matrix((arrays["data"], arrays["indices"], arrays["indptr"]), shape=(n, n))
        return self
