"""The most probable list under a determinantal point process, picked greedily."""

from __future__ import annotations

import numpy as np
from pydantic import Field

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


class DppConfig(DiversityConfig):
    """How far relevance yields to volume."""

    own: float = Field(default=0.05, gt=0, lt=1)
    """Share of every item that no other has: likenesses are multiplied by 1 - this, so that a
    twin has a price instead of being impossible."""


class DppReranker:
    """Each place takes the candidate that adds most to relevance and to the volume spanned.

    Maximises (1 - diversity) sum_i relevance_i + diversity log det S_Y / log(1 / own)
    greedily, with S the cosines of the candidates: Chen, Zhang & Zhou, "Fast greedy MAP
    inference for determinantal point process to improve recommendation diversity", NeurIPS
    2018 (their algorithm 1 is the incremental Cholesky factorisation; their theta weighs the
    relevance as 1 - diversity does here, but for the constant). The gain of a candidate is
    log d_i^2 / log(1 / own), d_i being what of its vector the picked ones do not span. S has
    1 on its diagonal and (1 - own) cos(v_i, v_j) elsewhere. Its eigenvalues are own or more,
    so gains lie between -1 and 0 as those of MMR do, and the list does not end where n
    exceeds the rank. Rows of S are made when they are needed: O(n c d + n^2 c).
    """

    Config = DppConfig

    def __init__(self, config: DppConfig | None = None) -> None:
        self.config = config or DppConfig()

    def rerank(self, scores: Floats, features: Floats, *, n: int) -> Places:
        """Up to n candidates of one query, first place first.

        Args:
            scores: float32 of shape (c,); what is not finite is never picked.
            features: Vectors of the candidates, shape (c, d); rows of zeros are unknown.
            n: Places of the list.

        Returns:
            Indices into the candidates, int64 of shape (at most n,), none twice.
        """
        return rerank_single(scores, features, n=n, config=self.config, start=self._start_one)

    def marginal(self, scores: Floats, features: Floats) -> Marginal:
        """What candidates are worth place after place, for a policy that draws."""
        return Marginal(scores, features, config=self.config, start=self._start)

    def rerank_all(self, scores: Floats, items: ItemIndices, table: Floats, *, n: int) -> Places:
        """Up to n candidates of each of q queries; shapes as for `MmrReranker.rerank_all`."""
        return rerank_rows(scores, items, table, n=n, config=self.config, start=self._start)

    def _start_one(self, vectors: Doubles) -> _OneLogVolume:
        return _OneLogVolume(vectors, self.config.own)

    def _start(
        self, relevance: Doubles, features: Doubles, allowed: Mask, part: slice
    ) -> _LogVolume:
        return _LogVolume(directions(features, allowed), self.config.own)


class _LogVolume:
    """What each candidate adds to the log determinant of the picked ones' likenesses."""

    def __init__(self, vectors: Doubles, own: float) -> None:
        self._vectors, self._own = vectors, own
        self._left = np.ones(vectors.shape[:2])
        """d_i^2, never below ``own``."""
        self._factor = np.empty((len(vectors), 0, vectors.shape[1]))
        """The rows of the Cholesky factor so far, shape (q, picked, c)."""

    def values(self) -> Doubles:
        """See `Gains.values`."""
        return np.log(self._left) / -np.log(self._own)

    def take(self, picked: Places) -> None:
        """See `Gains.take`."""
        rows = np.arange(len(picked))
        row = (1.0 - self._own) * likeness(self._vectors, picked)
        before = self._factor[rows, :, picked]
        row -= (before[:, None, :] @ self._factor)[:, 0, :]
        row /= np.sqrt(self._left[rows, picked])[:, None]
        self._left = np.maximum(self._left - np.square(row), self._own)
        self._factor = np.concatenate([self._factor, row[:, None, :]], axis=1)


class _OneLogVolume:
    """`_LogVolume` of one query."""

    def __init__(self, vectors: Doubles, own: float) -> None:
        self._vectors, self._own = vectors, own
        self._unit = 1.0 / -np.log(own)
        self._left = np.ones(len(vectors))
        self._rows: list[Doubles] = []

    def values(self) -> Doubles:
        """See `OneGain.values`."""
        return np.log(self._left) * self._unit

    def take(self, picked: int) -> None:
        """See `OneGain.take`."""
        row = (1.0 - self._own) * (self._vectors @ self._vectors[picked])
        for before in self._rows:
            row -= before[picked] * before
        row /= np.sqrt(self._left[picked])
        self._left = np.maximum(self._left - row * row, self._own)
        self._rows.append(row)
