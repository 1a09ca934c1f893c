"""The stage that makes a slate of scored candidates."""

from __future__ import annotations

from zhiyin.core.candidates import Candidates
from zhiyin.core.protocols import Policy
from zhiyin.core.rng import derive_rng
from zhiyin.core.topk import EMPTY
from zhiyin.pipeline.slating.query import Slated, SlateQuery

_SPARE = 50
"""Candidates beyond the slate's length that a policy may draw."""
_LENGTH = 10


class Slater:
    """Makes slates.

    Args:
        policy: How slates are drawn.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def slate(self, candidates: Candidates, query: SlateQuery) -> Slated:
        """The slate of one query, from its candidates (a batch of one, best first)."""
        n = _LENGTH if query.n is None else query.n
        found = candidates.items[0, : n + _SPARE] != EMPTY
        items = candidates.items[0, : n + _SPARE][found]
        scores = candidates.scores[0, : n + _SPARE][found]
        rng = derive_rng(query.seed, query.user_id or "", query.surface)
        drawn = self._policy.select(scores, n=n, rng=rng)
        return Slated(
            items[drawn.picked],
            scores[drawn.picked],
            drawn.propensities,
            self._policy.name,
            drawn.odds,
        )
