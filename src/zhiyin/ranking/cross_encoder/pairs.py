"""Queries with candidates whose worth is known: what a cross-encoder learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.errors import DataError
from zhiyin.core.histories import Floats, RowPointers


@dataclass(frozen=True, slots=True, eq=False)
class JudgedPairs:
    """Queries and, for each, some texts with labels.

    The rows of query q are ``indptr[q]`` to ``indptr[q + 1]``.

    Attributes:
        queries: The words asked for.
        texts: Items as text, one row after the other.
        labels: float32 of shape (rows,): how good an item is for its query, 0 for not at all;
            clicks, grades, or the probabilities that a teacher gives.
        indptr: int64 of shape (queries + 1,).

    Raises:
        DataError: Shapes do not fit, or a label is below 0 or not finite.
    """

    queries: tuple[str, ...]
    texts: tuple[str, ...]
    labels: Floats
    indptr: RowPointers

    def __post_init__(self) -> None:
        rows = len(self.texts)
        shaped = self.labels.shape == (rows,) and self.indptr.shape == (len(self.queries) + 1,)
        whole = shaped and self.indptr[0] == 0 and self.indptr[-1] == rows
        if not whole or bool((np.diff(self.indptr) < 0).any()):
            raise DataError(
                f"{len(self.queries)} queries and {rows} texts do not fit their labels",
                hint="labels are one for each text, indptr one more than the queries",
            )
        if not bool(np.isfinite(self.labels).all()) or bool((self.labels < 0).any()):
            raise DataError("a label is below 0, infinite or NaN", hint="0 means: no answer")

    def __len__(self) -> int:
        """How many queries there are."""
        return len(self.queries)

    def rows_of(self, query: int) -> slice:
        """The rows of a query."""
        return slice(int(self.indptr[query]), int(self.indptr[query + 1]))

    def take(self, queries: NDArray[np.integer] | Sequence[int]) -> JudgedPairs:
        """Some of the queries, in the order in which they are asked for."""
        groups = [
            (
                self.queries[int(q)],
                self.texts[self.rows_of(int(q))],
                self.labels[self.rows_of(int(q))],
            )
            for q in queries
        ]
        return judged(groups)

    def with_labels(self, labels: Floats) -> JudgedPairs:
        """The same texts with other labels, shape (rows,)."""
        return JudgedPairs(self.queries, self.texts, labels, self.indptr)

    def teaching(self) -> NDArray[np.int64]:
        """The queries that tell good from bad: labels that differ, and one above 0."""
        kept = [
            q
            for q in range(len(self))
            if len(part := self.labels[self.rows_of(q)]) and part.max() > part.min()
        ]
        return np.array(kept, dtype=np.int64)


def judged(groups: Sequence[tuple[str, Sequence[str], Sequence[float] | Floats]]) -> JudgedPairs:
    """Pairs from (query, texts, labels) of each query."""
    sizes = [len(texts) for _, texts, _ in groups]
    labels = [np.asarray(each, dtype=np.float32) for _, _, each in groups]
    return JudgedPairs(
        tuple(query for query, _, _ in groups),
        tuple(text for _, texts, _ in groups for text in texts),
        np.concatenate([np.empty(0, dtype=np.float32), *labels]),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
    )
