"""From candidates with their final scores to places: diversity, fairness, the draw, rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.protocols import Odds
from zhiyin.core.slate import YieldedRule
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.pipeline.slating.attributes import Categories, ItemTable
from zhiyin.pipeline.slating.conditions import Conditions
from zhiyin.pipeline.slating.likeness import BEHAVIOUR, Likeness
from zhiyin.pipeline.slating.pool import Pool
from zhiyin.pipeline.slating.surface import Surface
from zhiyin.policy.drawing import Quotas, draw_by_rules
from zhiyin.policy.fairness import fair_order, owed_places
from zhiyin.policy.rules import LostRule, apply_rules

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """What arranging needs to know of the query.

    Attributes:
        n: Places.
        items: Every item that can be recommended now.
        conditions: Evaluates expressions.
        rng: Makes the generator of the draw.
    """

    n: int
    items: Vocabulary
    conditions: Conditions
    rng: Callable[[], np.random.Generator]

    def ids(self, items: NDArray[np.int32]) -> list[str]:
        """The ids of items."""
        rows: list[int] = items.tolist()
        if len(rows) < 2:
            return [self.items.ids[row] for row in rows]
        return list(itemgetter(*rows)(self.items.ids))


@dataclass(frozen=True, slots=True, eq=False)
class Arranged:
    """Places of a slate as indices into the pool."""

    places: Places
    propensities: NDArray[np.float64]
    odds: Odds = "deterministic"
    lost: tuple[YieldedRule, ...] = ()


class Arranger:
    """Puts candidates into places.

    Args:
        table: The items' attributes.
        likeness: Vectors of items for diversity.
    """

    def __init__(self, table: ItemTable, likeness: Likeness) -> None:
        self._table, self._likeness = table, likeness

    def arrange(self, pool: Pool, surface: Surface, asked: Arrangement) -> Arranged:
        """The places of a slate; candidates come best first, and stay as they are."""
        settings = surface.settings
        fair = bool(settings.fairness.column and settings.fairness.factor)
        if settings.rules.caps or fair or settings.diversity.features != BEHAVIOUR:
            self._table.follow(asked.items)
        groups = self._groups(pool, surface) if fair else None
        if surface.draws:
            if surface.ruled or surface.reranker or groups:
                return self._drawn(pool, surface, asked, groups)
            few = asked.n + settings.exploration.spare
            drawn = surface.policy.select(pool.scores[:few], n=asked.n, rng=asked.rng())
            return Arranged(drawn.picked, drawn.propensities, drawn.odds)
        order = self._diverse(pool, surface, asked.n)
        lost: list[LostRule] = []
        if groups:
            codes = groups[0][order]
            first = fair_order(codes, groups[1].shares, n=asked.n, config=settings.fairness)
            order = order[_first(first, len(order))]
        if surface.ruled:
            facts = self._facts(pool, surface, asked, order)
            ids = asked.ids(pool.items[order])
            ruled = apply_rules(ids, n=asked.n, config=settings.rules, **facts)
            order, lost = order[ruled.places], list(ruled.lost)
        places = order[: asked.n]
        if groups:
            lost += _unfair(places, groups, surface, asked.n)
        return Arranged(places, np.ones(len(places)), "deterministic", _told(lost))

    def _diverse(self, pool: Pool, surface: Surface, n: int) -> Places:
        """All candidates: the first n diverse, the others in their order.

        At most half of the pool is brought forward: a choice, and no shuffle of long slates.
        An item without features neither gains nor loses: it keeps its place.
        """
        order = np.arange(len(pool.items))
        if surface.reranker is None or not len(order):
            return order
        few = min(surface.settings.diversity.pool, len(order))
        features, told = self._features(pool, surface, few)
        if features is None:
            pool.fallbacks.append(told)
            return order
        known = np.flatnonzero(features.any(axis=1))
        wanted = min(int(np.searchsorted(known, n)), len(known) // 2)
        scores = pool.scores[:few]
        if len(known) < few:
            scores, features = scores[known], features[known]
        picked = surface.reranker.rerank(scores, features, n=wanted)
        order[known] = known[_first(picked, len(known))]
        return order

    def _features(
        self, pool: Pool, surface: Surface, few: int
    ) -> tuple[NDArray[np.float32] | None, str]:
        return self._likeness.features(surface.settings.diversity.features, pool.items[:few])

    def _drawn(
        self,
        pool: Pool,
        surface: Surface,
        asked: Arrangement,
        groups: tuple[NDArray[np.int64], Categories] | None,
    ) -> Arranged:
        settings = surface.settings
        marginal = None
        if surface.reranker is not None and len(pool.items):
            features, told = self._features(pool, surface, len(pool.items))
            if features is None:
                pool.fallbacks.append(told)
            else:
                marginal = surface.reranker.marginal(pool.scores, features)
        quotas = None
        if groups:
            codes, categories = groups
            owed = owed_places(codes, categories.shares, n=asked.n, config=settings.fairness)
            quotas = Quotas(codes, owed)
        order = np.arange(len(pool.items))
        drawn = draw_by_rules(
            asked.ids(pool.items),
            pool.scores,
            n=asked.n,
            policy=surface.policy,
            rng=asked.rng(),
            rules=settings.rules,
            spare=settings.exploration.spare,
            marginal=marginal,
            quotas=quotas,
            **self._facts(pool, surface, asked, order),
        )
        lost = list(drawn.lost)
        if groups:
            lost += _unfair(drawn.places, groups, surface, asked.n)
        return Arranged(drawn.places, drawn.propensities, drawn.odds, _told(lost))

    def _facts(
        self, pool: Pool, surface: Surface, asked: Arrangement, order: Places
    ) -> dict[str, Any]:
        """Columns and masks of the candidates, in an order, as the rules want them."""
        items, rules = pool.items[order], surface.settings.rules
        found = {name: self._table.values(name, items) for name in rules.caps}
        promoted = surface.promoted
        excluded = None
        if rules.pins and pool.filters:
            passed = [asked.conditions.selected(chosen, items) for chosen in pool.filters]
            excluded = ~np.logical_and.reduce(passed)
        return {
            "columns": {name: values for name, values in found.items() if values is not None},
            "promoted": None if promoted is None else asked.conditions.selected(promoted, items),
            "excluded": excluded,
            "hidden": ~np.isfinite(pool.everything[items]) if rules.pins else None,
        }

    def _groups(self, pool: Pool, surface: Surface) -> tuple[NDArray[np.int64], Categories] | None:
        """The group of each candidate, and all groups."""
        column = surface.settings.fairness.column
        categories = self._table.categories(column)
        if categories is None:
            pool.fallbacks.append(f"no item has {column}: exposure is not divided")
            return None
        return categories.first[pool.items], categories


def _first(places: Places, n: int) -> Places:
    """An order of n that begins with some places, the others behind as they were."""
    rest = np.ones(n, dtype=np.bool_)
    rest[places] = False
    return np.concatenate([places, np.flatnonzero(rest)])


def _unfair(
    places: Places,
    groups: tuple[NDArray[np.int64], Categories],
    surface: Surface,
    n: int,
) -> list[LostRule]:
    """Groups that were owed more places than they got, because rules had the last word."""
    codes, categories = groups
    settings = surface.settings.fairness
    owed = owed_places(codes, categories.shares, n=n, config=settings)
    lost: list[LostRule] = []
    shown = codes[places]
    for group in np.flatnonzero(owed.max(axis=0, initial=0)).tolist():
        have = np.cumsum(shown == group)
        short = np.flatnonzero(have < owed[: len(have), group])
        if len(short):
            at = int(short[0])
            rule = f"part of {settings.column} {categories.names[group]}"
            why = f"{have[at]} of {owed[at, group]} places among the first {at + 1}"
            lost.append(LostRule(rule, "rules", why))
    return lost


def _told(lost: list[LostRule]) -> tuple[YieldedRule, ...]:
    return tuple(YieldedRule(rule=o.rule, lost_to=o.lost_to, why=o.why) for o in lost)
