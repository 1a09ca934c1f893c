"""The stage that makes a slate of scored candidates.

In this order: what may not be shown goes out (bars before candidates are looked for, filters
here), boosts, debiasing and rotation change scores, diversity and fairness make an order,
the policy chooses, and rules have the last word. Where the policy draws at random, diversity,
fairness and rules are constraints of the draw, so that its odds are true; see
`zhiyin.policy.drawing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import Candidates
from zhiyin.core.errors import ConfigError
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import EntityStore, Policy
from zhiyin.core.rng import derive_rng
from zhiyin.core.topk import EMPTY
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.pipeline.settings import ServeSettings
from zhiyin.pipeline.slating.arranging import Arrangement, Arranger
from zhiyin.pipeline.slating.attributes import ItemTable
from zhiyin.pipeline.slating.conditions import Catalogued, Conditions, read_boost, read_filter
from zhiyin.pipeline.slating.likeness import Likeness
from zhiyin.pipeline.slating.memory import Memory, Remembered
from zhiyin.pipeline.slating.pool import Pool, filtered
from zhiyin.pipeline.slating.query import Slated, SlateQuery
from zhiyin.pipeline.slating.surface import Surface, made_ready
from zhiyin.pipeline.surfaces import LONGEST, SurfaceSettings
from zhiyin.policy.debiasing import debias
from zhiyin.policy.expressions import Boost, Filter, Known, parse_boost, parse_filter

DEPTH = 500
"""Candidates that are taken from the whole catalogue where a filter leaves too few."""


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """A query whose surface, expressions and past are known.

    Attributes:
        query: What was asked for.
        surface: Where.
        n: Places.
        remembered: What earlier slates and events keep out.
        filter: Of the request; None for none.
        boost: Of the request; None for none.
        conditions: Evaluates expressions.
        items: Every item that can be recommended now.
    """

    query: SlateQuery
    surface: Surface
    n: int
    remembered: Remembered
    filter: Filter | None
    boost: Boost | None
    conditions: Conditions
    items: Vocabulary

    @property
    def barred(self) -> list[str]:
        """Items that must not be among the candidates."""
        return [*self.remembered.barred, *self.surface.settings.rules.exclude]


class Slater:
    """Makes slates.

    Args:
        policy: How slates are drawn, where a surface does not say.
        surfaces: What each surface does.
        serve: Settings for all surfaces.
        memory: What was shown and done before.
        table: The items' attributes.
        entities: Where users' attributes are kept.
        likeness: Vectors of items for diversity.
        popularity: Users who liked each trained item, shape (trained items,).
    """

    def __init__(
        self,
        policy: Policy,
        *,
        surfaces: Mapping[str, SurfaceSettings],
        serve: ServeSettings,
        memory: Memory,
        table: ItemTable,
        entities: EntityStore,
        likeness: Likeness,
        popularity: NDArray[np.floating],
    ) -> None:
        self._usual, self._serve, self._memory = policy, serve, memory
        self._followed: Mapping[str, SurfaceSettings] = {}
        self._surfaces: dict[str, Surface] = {}
        self.follow(surfaces)
        self.table = table
        self._entities, self._popularity = entities, popularity
        self._catalogued = Catalogued(table)
        self._arranger = Arranger(table, likeness)

    def follow(self, surfaces: Mapping[str, SurfaceSettings]) -> None:
        """Does from now on what these surfaces say; free of cost where they are the same."""
        if surfaces is not self._followed:
            self._surfaces = {
                name: made_ready(name, settings, serve=self._serve, usual=self._usual)
                for name, settings in surfaces.items()
            }
            self._followed = surfaces

    def surface(self, name: str) -> Surface:
        """A surface by name; one without a section has default settings, and says so.

        Raises:
            ConfigError: It has no section, and ``serve.unknown_surface`` is "error".
        """
        found = self._surfaces.get(name)
        if found is not None:
            return found
        known = ", ".join(self._surfaces)
        if self._serve.unknown_surface == "error":
            raise ConfigError(f"no surface is named {name[:80]!r}", hint=f"known: {known}")
        told = f"no surface is named {name[:80]!r}: default settings"
        return made_ready(
            name, SurfaceSettings(), serve=self._serve, usual=self._usual, fallback=told
        )

    def open(self, query: SlateQuery, items: Vocabulary) -> Opening:
        """Everything about a query that is known before candidates are looked for.

        Raises:
            ConfigError: The surface is unknown, and that is an error.
            ExpressionError: The request's filter or boost cannot be read.
            UnknownEntityError: The query continues a slate that nobody was shown.
        """
        surface = self.surface(query.surface)
        chosen = read_filter(query.filter) if query.filter else None
        boost = read_boost(query.boost) if query.boost else None
        if chosen or boost or surface.filter or surface.boosts or surface.promoted:
            self.table.follow(items)
        known: Known = {"item": self.table.names}
        if chosen and not chosen.reads.item <= self.table.names:
            parse_filter(query.filter, known=known)
        if boost and not boost.reads.item <= self.table.names:
            parse_boost(query.boost, known=known)
        n = surface.settings.length if query.n is None else min(query.n, LONGEST)
        return Opening(
            query,
            surface,
            n,
            self._memory.of(query, surface.settings.memory, items),
            chosen,
            boost,
            self._conditions(query, items),
            items,
        )

    def slate(self, candidates: Candidates, opening: Opening, everything: Floats) -> Slated:
        """The slate of one query.

        Args:
            candidates: A batch of one, best first.
            opening: From `open`.
            everything: Scores of retrieval for the whole catalogue, -inf where barred, of
                shape (items,): where filters and shares look for what candidates lack.
        """
        surface, query = opening.surface, opening.query
        pool = Pool(candidates.items[0], candidates.scores[0], everything, opening.items.tie_order)
        pool.keep((pool.items != EMPTY) & np.isfinite(pool.scores))
        if surface.fallback:
            pool.fallbacks.append(surface.fallback)
        self._filter(pool, opening)
        self._complete(pool, opening)
        self._rescore(pool, opening)
        names = [query.surface] + ([f"page {opening.remembered.page}"] if query.page_of else [])
        arranged = self._arranger.arrange(
            pool,
            surface,
            Arrangement(
                opening.n,
                opening.items,
                opening.conditions,
                lambda: derive_rng(query.seed, query.user_id or "", *names),
            ),
        )
        return Slated(
            pool.items[arranged.places],
            pool.scores[arranged.places],
            arranged.propensities,
            surface.policy.name,
            arranged.odds,
            arranged.lost,
            tuple(pool.fallbacks),
        )

    def _conditions(self, query: SlateQuery, items: Vocabulary) -> Conditions:
        user: dict[str, Any] | None = None

        def attributes() -> Mapping[str, Any]:
            nonlocal user
            if user is None:
                known = {} if query.user_id is None else self._entities.get("user", [query.user_id])
                user = dict(known.get(query.user_id or "") or {})
            return user

        return Conditions(
            self.table,
            len(items),
            catalogued=self._catalogued,
            user=attributes,
            context=query.context,
            now=query.now,
        )

    def _filter(self, pool: Pool, opening: Opening) -> None:
        surface, n = opening.surface, opening.n
        filters = [f for f in (surface.filter, opening.filter) if f is not None]
        pool.filters = filters
        if not filters:
            return
        before = (pool.items, pool.scores)
        filtered(pool, filters, opening.conditions, n=n, depth=DEPTH)
        if len(pool.items) >= n:
            return
        if len(pool.items):
            pool.fallbacks.append(f"filters leave {len(pool.items)} of {n} items")
        elif opening.filter is not None and surface.settings.on_empty == "relax":
            pool.fallbacks.append("the request's filter leaves nothing: it was given up")
            pool.items, pool.scores = before
            pool.filters = [f for f in (surface.filter,) if f is not None]
            filtered(pool, pool.filters, opening.conditions, n=n, depth=DEPTH)
        else:
            pool.fallbacks.append("filters leave nothing: the slate is empty")

    def _complete(self, pool: Pool, opening: Opening) -> None:
        """Adds what rules ask for: pinned items, and promoted ones where they are too few."""
        surface, rules = opening.surface, opening.surface.settings.rules
        index = opening.items.index
        pins = [index[i] for i in rules.pins if i in index]
        if pins:
            pool.add(np.array(pins, dtype=np.int32))
        if surface.promoted is None or not rules.promoted_at_least:
            return
        needed = int(np.ceil(rules.promoted_at_least * opening.n))
        have = int(opening.conditions.selected(surface.promoted, pool.items).sum())
        if have < 2 * needed:  # some of them may break a cap
            mask = opening.conditions.selected(surface.promoted)
            for chosen in pool.filters:
                mask = mask & opening.conditions.selected(chosen)
            pool.add(pool.best(mask, k=2 * opening.n))

    def _rescore(self, pool: Pool, opening: Opening) -> None:
        """Boosts, debiasing and rotation; best first afterwards."""
        surface, settings = opening.surface, opening.surface.settings
        before = pool.scores
        for boost in (*surface.boosts, *([opening.boost] if opening.boost else [])):
            pool.lift(opening.conditions.factors(boost, pool.items))
        if settings.debias.strength:
            known = pool.items < len(self._popularity)
            users = np.zeros(len(pool.items), dtype=np.int64)
            users[known] = self._popularity[pool.items[known]]
            pool.scores = debias(pool.scores, users, config=settings.debias)
        shown = opening.remembered.times_shown
        if settings.memory.rotation and shown and len(pool.items):
            ids = opening.items.ids
            times = np.array([shown[ids[i]] for i in pool.items.tolist()], dtype=np.float32)
            loss = np.float32(settings.memory.rotation * float(pool.scores.std()))
            pool.scores = (pool.scores - loss * times).astype(np.float32)
        if pool.scores is not before or surface.settings.rules.pins or surface.promoted:
            pool.sort()
