"""Candidates in order: by the ranker, and by the objective of the surface, where it states one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zhiyin.core.candidates import Candidates, Queries
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import ExposureLog
from zhiyin.core.slate import Position
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.pipeline.ranker.fatigue import shown_now
from zhiyin.pipeline.ranker.heads import CTR, CVR, DWELL, UTILITY, VALUE, check_objective
from zhiyin.pipeline.ranker.stage import asked_now
from zhiyin.pipeline.slating.query import SlateQuery
from zhiyin.pipeline.surfaces import SurfaceSettings
from zhiyin.pipeline.trained import Trained
from zhiyin.ranking.features import FeatureSet
from zhiyin.ranking.features.exposure import FATIGUE


@dataclass(frozen=True, slots=True, eq=False)
class Ordering:
    """Puts the candidates of one query in order.

    Attributes:
        trained: What was learned.
        exposures: Read only where slates taught fatigue.
        items: Every item that can be recommended now.
    """

    trained: Trained
    exposures: ExposureLog
    items: Vocabulary

    def of(
        self, found: Candidates, queries: Queries, query: SlateQuery, settings: SurfaceSettings
    ) -> Candidates:
        """The candidates by the ranker, then by the surface's objective, best first.

        Args:
            found: Best by the blend first.
            queries: Who asks.
            query: What was asked for.
            settings: What the surface wants.

        Raises:
            ConfigError: The surface asks for an estimate that the model does not have.
        """
        objective, ranker = settings.objective, self.trained.ranker
        context = {**query.context, "surface": query.surface}
        if ranker is not None:
            shown = self._shown(ranker.features, found, queries, query, ranker.candidates)
            found = ranker.order(found, queries, now=query.now, context=context, shown=shown)
        if not objective.stated:
            return found
        told: dict[str, Any] = self.trained.report.get("ranker") or {}
        lacking = told.get("objectives")
        heads = check_objective(query.surface, objective, self.trained.heads, lacking)
        few = heads.candidates
        shown = self._shown(heads.features, found, queries, query, few)
        asked = asked_now(found, queries, few, now=query.now, context=context, shown=shown)
        return heads.order(found, asked, objective)

    def _shown(
        self,
        features: FeatureSet,
        found: Candidates,
        queries: Queries,
        query: SlateQuery,
        few: int,
    ) -> Floats | None:
        """How often the first candidates were shown, where a feature looks at it."""
        if FATIGUE not in features.names:
            return None
        user, first = query.user_id, found.items[:, :few]
        past = queries.histories
        return shown_now(self.exposures, user, past, first, self.items, now=query.now)


def with_estimates(
    positions: Sequence[Position], ranked: Candidates, items: Vocabulary
) -> list[Position]:
    """The positions with what was estimated of their items; as they are where nothing was."""
    names = [name for name in (CTR, CVR, VALUE, DWELL, UTILITY) if name in ranked.columns]
    if not names:
        return list(positions)
    place = {item: at for at, item in enumerate(ranked.items[0].tolist())}
    table = np.stack([ranked.columns[name][0] for name in names]).astype(np.float64)
    result: list[Position] = []
    for position in positions:
        at = place.get(items.index.get(position.item_id, -1), -1)
        values: list[float] = table[:, at].tolist() if at >= 0 else [np.nan] * len(names)
        told = {name: v for name, v in zip(names, values, strict=True) if np.isfinite(v)}
        result.append(position.model_copy(update={"estimates": told}))
    return result
