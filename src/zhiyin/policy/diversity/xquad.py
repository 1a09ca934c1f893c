"""Covering categories: explicit query aspect diversification."""

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
    Start,
    rerank_one,
    rerank_rows,
)


class XquadConfig(DiversityConfig):
    """How far relevance yields to coverage."""

    settles: float = Field(default=0.5, gt=0, le=1)
    """Probability that one item of a category is all that the user wanted of it; at 1 a
    category counts no more once it is there."""


class XquadReranker:
    """Each place takes the candidate that is relevant and of categories not yet covered.

    argmax_i (1 - diversity) relevance_i
             + diversity sum_g P(g) P(i|g) prod_{j picked} (1 - P(j|g)) / z,

    xQuAD of Santos, Macdonald & Ounis ("Exploiting query reformulations for web search
    result diversification", WWW 2010), with categories in place of reformulations as
    Vargas, Castells & Vallet do ("Intent-oriented diversity in recommender systems", SIGIR
    2011). P(i|g) is ``settles`` times the membership of i in g; the constant is the alpha
    of alpha-nDCG (Clarke et al., SIGIR 2008). P(g) is the user's interest in g, and z the
    largest gain of any candidate before the first place, so that gains lie in 0..1. O(n c g).
    """

    Config = XquadConfig

    def __init__(self, config: XquadConfig | None = None) -> None:
        self.config = config or XquadConfig()

    def rerank(
        self, scores: Floats, features: Floats, *, n: int, interests: Floats | None = None
    ) -> Places:
        """Up to n candidates of one query, first place first.

        Args:
            scores: float32 of shape (c,); what is not finite is never picked.
            features: Membership of candidates in categories, 0..1, shape (c, g). A candidate
                without any covers nothing.
            n: Places of the list.
            interests: How much the user wants of each category, shape (g,), made to sum to
                1; None: as the candidates have it, each counted with its relevance.

        Returns:
            Indices into the candidates, int64 of shape (at most n,), none twice.
        """
        wanted = None if interests is None else np.asarray(interests)[None]
        return rerank_one(
            scores,
            features,
            lambda s, i: self.rerank_all(s, i, features, n=n, interests=wanted),
        )

    def rerank_all(
        self,
        scores: Floats,
        items: ItemIndices,
        table: Floats,
        *,
        n: int,
        interests: Floats | None = None,
    ) -> Places:
        """Up to n candidates of each of q queries; shapes as for `MmrReranker.rerank_all`.

        Args:
            scores: float32 of shape (q, c).
            items: Row of the table for each candidate, int32 of shape (q, c).
            table: Membership by item, shape (n_items, g).
            n: Places of a list.
            interests: Shape (q, g), or None as in `rerank`.
        """
        return rerank_rows(
            scores, items, table, n=n, config=self.config, start=self._starting(interests)
        )

    def marginal(self, scores: Floats, features: Floats) -> Marginal:
        """What candidates are worth place after place, for a policy that draws."""
        return Marginal(scores, features, config=self.config, start=self._starting(None))

    def _starting(self, interests: Floats | None) -> Start:
        def start(relevance: Doubles, features: Doubles, allowed: Mask, part: slice) -> _Coverage:
            member = np.clip(np.nan_to_num(features), 0.0, 1.0) * allowed[:, :, None]
            if interests is None:
                wanted = (relevance[:, None, :] @ member)[:, 0, :]
            else:
                wanted = np.clip(np.nan_to_num(interests[part].astype(np.float64)), 0.0, None)
            total = wanted.sum(axis=1, keepdims=True)
            return _Coverage(self.config.settles * member, wanted / np.where(total > 0, total, 1.0))

        return start


class _Coverage:
    """What each candidate adds to the coverage of wanted categories."""

    def __init__(self, member: Doubles, wanted: Doubles) -> None:
        self._member = member
        self._open = wanted
        first = self.values().max(axis=1, initial=0.0)[:, None]
        self._open = wanted / np.where(first > 0, first, 1.0)
        """P(g) / z times the probability that nothing picked has settled g, shape (q, g)."""

    def values(self) -> Doubles:
        """See `Gains.values`."""
        return (self._member @ self._open[:, :, None])[:, :, 0]

    def take(self, picked: Places) -> None:
        """See `Gains.take`."""
        self._open = self._open * (1.0 - self._member[np.arange(len(picked)), picked])
