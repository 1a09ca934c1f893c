"""Maximal marginal relevance."""

from __future__ import annotations

import numpy as np

from zhiyin.core.histories import Floats, ItemIndices
from zhiyin.policy.diversity.greedy import (
    DiversityConfig,
    Doubles,
    Marginal,
    Mask,
    Places,
    directions,
    likeness,
    rerank_rows,
    rerank_single,
)


class MmrReranker:
    """Each place takes the candidate that is relevant and unlike its nearest before it.

    argmax_i (1 - diversity) relevance_i - diversity max_{j picked} cos(v_i, v_j), where the
    maximum over nothing is 0 (Carbonell & Goldstein, "The use of MMR, diversity-based
    reranking for reordering documents and producing summaries", SIGIR 1998; their lambda is
    1 - diversity). Ties go to the earlier candidate. O(n c d) for n places, c candidates of
    d numbers.
    """

    Config = DiversityConfig

    def __init__(self, config: DiversityConfig | None = None) -> None:
        self.config = config or DiversityConfig()

    def rerank(self, scores: Floats, features: Floats, *, n: int) -> Places:
        """Up to n candidates of one query, first place first.

        Args:
            scores: float32 of shape (c,); what is not finite is never picked.
            features: Vectors of the candidates, shape (c, d); rows of zeros are unknown.
            n: Places of the list.

        Returns:
            Indices into the candidates, int64 of shape (at most n,), none twice.
        """
        return rerank_single(scores, features, n=n, config=self.config, start=_OneNearest)

    def marginal(self, scores: Floats, features: Floats) -> Marginal:
        """What candidates are worth place after place, for a policy that draws."""
        return Marginal(scores, features, config=self.config, start=_start)

    def rerank_all(self, scores: Floats, items: ItemIndices, table: Floats, *, n: int) -> Places:
        """Up to n candidates of each of q queries.

        Args:
            scores: float32 of shape (q, c); what is not finite is never picked.
            items: Row of the table for each candidate, int32 of shape (q, c), below 0 where
                a list is shorter.
            table: Vectors by item, shape (n_items, d).
            n: Places of a list.

        Returns:
            Indices into each row of candidates, int64 of shape (q, min(n, c)); -1 where
            none is left.
        """
        return rerank_rows(scores, items, table, n=n, config=self.config, start=_start)


class _Nearest:
    """How like each candidate is to its nearest among the picked, below zero."""

    def __init__(self, vectors: Doubles) -> None:
        self._vectors = vectors
        self._nearest: Doubles | None = None

    def values(self) -> Doubles:
        """See `Gains.values`."""
        if self._nearest is None:
            return np.zeros(self._vectors.shape[:2])
        return -self._nearest

    def take(self, picked: Places) -> None:
        """See `Gains.take`."""
        like = likeness(self._vectors, picked)
        self._nearest = like if self._nearest is None else np.maximum(self._nearest, like)


def _start(relevance: Doubles, features: Doubles, allowed: Mask, part: slice) -> _Nearest:
    return _Nearest(directions(features, allowed))


class _OneNearest:
    """`_Nearest` of one query."""

    def __init__(self, vectors: Doubles) -> None:
        self._vectors = vectors
        self._nearest = np.full(len(vectors), -np.inf)

    def values(self) -> Doubles:
        """See `OneGain.values`."""
        return np.where(np.isneginf(self._nearest), 0.0, -self._nearest)

    def take(self, picked: int) -> None:
        """See `OneGain.take`."""
        self._nearest = np.maximum(self._nearest, self._vectors @ self._vectors[picked])
