"""Things that are like what was liked: content-based recommendation."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_matrix

from zhiyin.core.attributes import Attribute
from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.metrics import category_vectors
from zhiyin.core.named_arrays import group_of, under
from zhiyin.core.protocols import Arrays
from zhiyin.models.content.alignment import attribute_weights
from zhiyin.models.content.matrices import matrix_from, matrix_state

_TRUST = 10.0
_TINY = np.float32(1e-9)


class ContentConfig(Config):
    """How content is compared."""

    similarity: Literal["cosine", "pearson", "euclidean"] = "cosine"
    """Measure of likeness between a user's vector and an item's."""
    query_decay: float | None = Field(default=None, gt=0)
    """Events of the queried history fade as exp(-position from the end / this); None: alike."""


class ContentRetriever:
    """A user is the weighted mean of what they liked; items nearest to it come first.

    Every attribute of the catalogue takes part with the square root of its weight (see
    `zhiyin.models.content.alignment`), so that inner products add up to the weighted
    likeness (Pazzani and Billsus, "Content-based recommendation systems", 2007). A
    catalogue without attributes is compared by its categories; without those, all score 0.
    """

    Config = ContentConfig
    reads_attributes = True

    def __init__(self, config: ContentConfig | None = None) -> None:
        self.config = config or ContentConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Weighs the attributes."""
        attributes = data.attributes or _categories(data)
        weights = attribute_weights(attributes, data.histories.liked(), trust=_TRUST, rng=rng)
        if not weights:  # nothing told: all alike
            weights = {a.name: 1.0 / len(attributes) for a in attributes}
        self._parts = [
            (a.values * np.float32(np.sqrt(weights[a.name]))).astype(np.float32)
            for a in attributes
            if weights.get(a.name)
        ]
        self._n = data.n_items
        self._mean = [np.asarray(p.mean(axis=0), dtype=np.float32).ravel() for p in self._parts]
        return self

    def score(self, queries: Queries) -> Floats:
        """Likeness of every item to the user's vector; 0 for an empty history."""
        history = queries.histories.positive().resized(self._n)
        rows = history.matrix(decay=self.config.query_decay)
        totals = np.asarray(rows.sum(axis=1), dtype=np.float32).ravel()
        rows.data /= np.repeat(np.maximum(totals, _TINY), np.diff(rows.indptr))
        return self._likeness([_dense(rows @ part) for part in self._parts], totals > 0)

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """Likeness of every item to each asked one."""
        known = np.ones(len(items), dtype=np.bool_)
        return self._likeness([_dense(part[items]) for part in self._parts], known)

    def _likeness(self, users: list[Floats], known: NDArray[np.bool_]) -> Floats:
        shape = (len(known), self._n)
        if not self._parts:
            return np.zeros(shape, dtype=np.float32)
        middle = self._mean if self.config.similarity == "pearson" else [m * 0 for m in self._mean]
        users = [user - mean for user, mean in zip(users, middle, strict=True)]
        dots, lengths = np.zeros(shape, dtype=np.float32), np.zeros(self._n, dtype=np.float32)
        for user, part, mean in zip(users, self._parts, middle, strict=True):
            dots += np.asarray(part @ user.T, dtype=np.float32).T - (user @ mean)[:, None]
            towards = np.asarray(part @ mean, dtype=np.float32).ravel()
            lengths += _squares(part) - 2 * towards + mean @ mean
        own = np.add.reduce([np.square(user).sum(axis=1) for user in users])
        if self.config.similarity == "euclidean":
            apart = np.maximum(own[:, None] + lengths[None] - 2 * dots, 0)
            scores = -np.sqrt(apart)
        else:
            size = np.sqrt(np.maximum(np.outer(own, np.maximum(lengths, 0)), _TINY**2))
            scores = np.where(size > _TINY, dots / np.maximum(size, _TINY), 0)
        scores[~known] = 0
        return np.ascontiguousarray(scores, dtype=np.float32)

    def state(self) -> Arrays:
        """The weighted attributes and their means."""
        arrays: Arrays = {"n": np.array([self._n]), "parts": np.array([len(self._parts)])}
        for at, (part, mean) in enumerate(zip(self._parts, self._mean, strict=True)):
            arrays |= under(str(at), {**matrix_state(part), "mean": mean})
        return arrays

    def restore(self, arrays: Arrays) -> Self:
        """Takes them back."""
        self._n = int(arrays["n"][0])
        groups = [group_of(arrays, str(at)) for at in range(int(arrays["parts"][0]))]
        self._parts = [matrix_from(group) for group in groups]
        self._mean = [np.asarray(group["mean"]) for group in groups]
        return self


def _categories(data: TrainingData) -> tuple[Attribute, ...]:
    if data.categories is None:
        return ()
    rows = category_vectors(
        data.categories, n_items=data.n_items, n_categories=data.n_categories
    ).astype(np.float32)
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    rows.data /= np.repeat(np.maximum(lengths, 1), np.diff(rows.indptr)).astype(np.float32)
    return (Attribute("categories", csr_matrix(rows)),)


def _squares(part: Floats | csr_matrix) -> Floats:
    """Squared lengths of the rows."""
    if isinstance(part, np.ndarray):
        return np.einsum("ij,ij->i", part, part)
    rows = np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))
    found = np.bincount(rows, np.square(part.data), minlength=part.shape[0])
    return found.astype(np.float32)


def _dense(rows: Floats | csr_matrix) -> Floats:
    return np.asarray(rows.toarray() if isinstance(rows, csr_matrix) else rows, dtype=np.float32)
