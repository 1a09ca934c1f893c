"""The candidates of one slate: filtered, searched for deeper, boosted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.core.topk import EMPTY, top_k
from zhiyin.pipeline.slating.conditions import Conditions
from zhiyin.policy.expressions import Filter

Items = NDArray[np.int32]
Mask = NDArray[np.bool_]

_LOWEST = np.float32(-3e38)


@dataclass(slots=True, eq=False)
class Pool:
    """Candidates on their way to a slate.

    Attributes:
        items: Indices of items, shape (c,).
        scores: float32 of shape (c,), finite.
        everything: Scores of the whole catalogue before ranking, -inf where barred, (items,).
        tie_order: How ties are broken.
        filters: Those in force.
        fallbacks: What has to be told.
    """

    items: Items
    scores: Floats
    everything: Floats
    tie_order: NDArray[np.int32]
    filters: list[Filter] = field(default_factory=list[Filter])
    fallbacks: list[str] = field(default_factory=list[str])

    def keep(self, mask: Mask) -> None:
        """Leaves the other candidates out."""
        self.items, self.scores = self.items[mask], self.scores[mask]

    def add(self, items: Items) -> None:
        """Adds items behind those that are there; barred ones with the lowest score of all."""
        there = np.zeros(1 + max(items.max(initial=0), self.items.max(initial=0)), dtype=np.bool_)
        there[self.items] = True
        fresh = items[~there[items]]
        if not len(fresh):
            return
        scores = self.everything[fresh].copy()
        known = np.isfinite(scores)
        floor = float(self.scores.min()) if len(self.scores) else float("inf")
        top = float(scores[known].max()) if known.any() else floor
        if top > floor:  # a ranker's scores and those of retrieval have no common unit
            scores[known] -= np.float32(top - floor)
        lowest = min(floor, float(scores[known].min()) if known.any() else floor)
        scores[~known] = np.float32(lowest if np.isfinite(lowest) else 0.0)
        self.items = np.concatenate([self.items, fresh])
        self.scores = np.concatenate([self.scores, scores.astype(np.float32)])

    def best(self, mask: Mask, *, k: int) -> Items:
        """The best k items of the whole catalogue among some."""
        scores = np.where(mask, self.everything, -np.inf).astype(np.float32)
        found = top_k(scores[None], k=k, tie_order=self.tie_order).items[0]
        return found[found != EMPTY]

    def lift(self, factors: NDArray[np.float64]) -> None:
        """Multiplies the height of scores above the lowest candidate's."""
        if not len(self.scores):
            return
        low = float(self.scores.min())
        lifted = low + (self.scores.astype(np.float64) - low) * factors
        self.scores = np.clip(lifted, _LOWEST, -_LOWEST).astype(np.float32)

    def sort(self) -> None:
        """Best first; equal ones stay in their order."""
        order = np.argsort(-self.scores, kind="stable")
        self.items, self.scores = self.items[order], self.scores[order]


def filtered(
    pool: Pool, filters: list[Filter], conditions: Conditions, *, n: int, depth: int
) -> None:
    """Keeps what passes the filters; where that is too little, looks in the whole catalogue.

    Args:
        pool: The candidates.
        filters: All of them must be passed.
        conditions: Evaluates them.
        n: Places of the slate.
        depth: How many further candidates are taken at most.
    """
    mask = np.ones(len(pool.items), dtype=np.bool_)
    for chosen in filters:
        mask &= conditions.selected(chosen, pool.items)
    looked_at = len(pool.items)
    pool.keep(mask)
    if len(pool.items) >= n or looked_at >= int(np.isfinite(pool.everything).sum()):
        return
    whole = np.isfinite(pool.everything)
    for chosen in filters:
        whole &= conditions.selected(chosen)
    pool.add(pool.best(whole, k=depth))
