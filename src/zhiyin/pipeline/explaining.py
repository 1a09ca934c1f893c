"""Why an item is, or would be, shown to a user: evidence gathered, then put into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import Queries
from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.errors import UnknownEntityError
from zhiyin.core.keys import id_key
from zhiyin.core.messages import (
    EventInfluence,
    Explained,
    ExplainQuery,
    FeatureContribution,
    Method,
)
from zhiyin.core.protocols import EntityStore, LanguageModel
from zhiyin.core.slate import Evidence, Position, Slate
from zhiyin.narrate.explain import Length, explain
from zhiyin.narrate.explain.own_words import in_own_words
from zhiyin.narrate.explain.reasons import Records, title_of
from zhiyin.narrate.language import Language
from zhiyin.pipeline.attribution import (
    Contributions,
    Influences,
    influences,
    ranker_contributions,
)
from zhiyin.pipeline.engine import Engine
from zhiyin.pipeline.hurried_model import Speaks, hurried_model
from zhiyin.pipeline.live_histories import LiveHistories
from zhiyin.pipeline.settings import Settings
from zhiyin.pipeline.stores import Stores
from zhiyin.ranking.features.feature import Feature

_DEPTH = 1000
"""Places of a slate that are looked at: an item further back is not explained."""
_CITED = 3
_TOLD_FEATURES = 3
_LISTED = 10
"""Events and features that an answer lists at most."""


class Explains(Protocol):
    """What of the engine is asked."""

    def recommend(
        self,
        user_id: str | None,
        *,
        n: int | None = None,
        surface: str = "home",
        explain: bool = False,
        log: bool = True,
    ) -> Slate:
        """A slate; see `Engine.recommend`."""
        ...


def explain_item(
    engine: Explains,
    entities: EntityStore,
    *,
    user_id: str,
    item_id: str,
    surface: str = "home",
    language: Language | None = None,
    length: Length = "medium",
    instead_of: str | None = None,
    model: LanguageModel | None = None,
) -> Explained:
    """Why an item is, or would be, shown to a user, by likeness; nothing is logged.

    Args:
        engine: What recommends.
        entities: Attributes of items.
        user_id: For whom.
        item_id: Which item.
        surface: Where it would be shown.
        language: Of the words; None: that of the titles at hand.
        length: How much is told.
        instead_of: Another item, for "rather than that one because".
        model: What puts the reasons into its own words; None leaves them as they are.

    Raises:
        UnknownEntityError: The item, or the other one, is not among the first 1000 that this
            user could be shown there: unknown, seen already, hidden, or too far back.
    """
    slate = engine.recommend(user_id, n=_DEPTH, surface=surface, explain=True, log=False)
    places = {position.item_id: at for at, position in enumerate(slate.positions)}
    position = _at(slate, places, item_id)
    other = None if instead_of is None else _at(slate, places, instead_of)
    records = _records_of(entities, [position, *([other] if other else [])])
    words = explain(position, records=records, language=language, length=length, instead_of=other)
    if model is not None:
        words = in_own_words(words, position, records=records, model=model)
    return Explained(
        explanation=words,
        position=position,
        place=places[item_id] + 1,
        events=[
            EventInfluence(
                item_id=fact.item_id,
                title=title_of(fact.item_id, records),
                event=fact.event,
                influence=fact.share,
            )
            for fact in position.evidence
            if fact.kind == "event" and fact.item_id
        ],
    )


class Opened(Speaks, Protocol):
    """What of a workspace is asked."""

    @property
    def stores(self) -> Stores:
        """Where items and events are."""
        ...

    def engine(self) -> Engine:
        """What recommends."""
        ...


def explain_in(workspace: Opened, query: ExplainQuery) -> Explained:
    """Why an item is, or would be, shown to a user of a workspace; see `Explainer.explain`."""
    model = hurried_model(workspace) if query.model else None
    explainer = Explainer(workspace.engine(), workspace.stores, workspace.settings, model=model)
    return explainer.explain(query)


def _records_of(
    entities: EntityStore, positions: Sequence[Position], further: Sequence[str] = ()
) -> Records:
    named = [fact.item_id for place in positions for fact in place.evidence if fact.item_id]
    ids = dict.fromkeys([*(place.item_id for place in positions), *named, *further])
    return entities.get("item", list(ids))


@dataclass(frozen=True, slots=True, eq=False)
class Explainer:
    """Explains items of one workspace.

    Attributes:
        engine: What recommends.
        stores: Attributes of items, and events.
        settings: Of the workspace.
        clock: Source of the present.
        model: What puts the reasons into its own words, where a question asks for that.
    """

    engine: Engine
    stores: Stores
    settings: Settings
    clock: Clock = system_clock
    model: LanguageModel | None = None

    def explain(self, query: ExplainQuery) -> Explained:
        """Why an item is, or would be, shown to a user; nothing is logged.

        Raises:
            UnknownEntityError: The item, or the other one, is not among the first 1000 that
                this user could be shown there: unknown, seen already, hidden, or too far back.
        """
        if query.method == "likeness":
            how = query.model_dump(exclude={"method", "model"})
            return explain_item(self.engine, self.stores.entities, model=self.model, **how)
        slate = self.engine.recommend(
            query.user_id, n=_DEPTH, surface=query.surface, explain=True, log=False
        )
        places = {position.item_id: at for at, position in enumerate(slate.positions)}
        position = _at(slate, places, query.item_id)
        other = None if query.instead_of is None else _at(slate, places, query.instead_of)
        measured = self._measured(query, [position, *([other] if other else [])])
        records = _records_of(self.stores.entities, measured.positions, measured.item_ids)
        words = explain(
            measured.positions[0],
            records=records,
            language=query.language,
            length=query.length,
            instead_of=measured.positions[-1] if other else None,
        )
        if self.model is not None:
            words = in_own_words(words, measured.positions[0], records=records, model=self.model)
        return Explained(
            explanation=words,
            position=measured.positions[0],
            place=places[query.item_id] + 1,
            method=query.method,
            events=measured.events(records),
            features=measured.features,
            **measured.ends,
        )

    def _measured(self, query: ExplainQuery, positions: list[Position]) -> _Measured:
        """The positions with evidence by the method that is asked for."""
        now = self.clock()
        queries = self.queries(query.user_id, now=now)
        items = np.array([self.engine.items.index[p.item_id] for p in positions])
        found = influences(self.engine.score, queries, items, method=query.method)
        told = self._of_features(queries, items, query.user_id, query.surface, query.method)
        return _Measured(self.engine, positions, self._types(query.user_id), found, told)

    def features(
        self, user_id: str, items: NDArray[np.integer], *, surface: str = "home"
    ) -> Contributions | None:
        """What each feature of the ranker adds to the scores of candidates, exactly.

        Args:
            user_id: For whom.
            items: Indices of the items, shape (k,).
            surface: Where they would be shown.

        Returns:
            None where no ranker serves, or an item is not among the candidates it orders.
        """
        queries = self.queries(user_id, now=self.clock())
        return self._of_features(queries, items, user_id, surface, "shap")

    def _of_features(
        self,
        queries: Queries,
        items: NDArray[np.integer],
        user_id: str,
        surface: str,
        method: Method,
    ) -> Contributions | None:
        return ranker_contributions(
            self.engine.trained,
            self.engine.score(queries),
            queries,
            items,
            method=method,
            exposures=self.stores.exposures,
            vocabulary=self.engine.items,
            user_id=user_id,
            surface=surface,
        )

    def queries(self, user_id: str, *, now: int) -> Queries:
        """The user's history as a query."""
        trained = self.engine.trained
        live = LiveHistories(
            trained,
            self.stores.events,
            settings=self.settings.events,
            length=self.settings.serve.history_length,
        )
        history = live.of(user_id, live.since(user_id), (), now=now)
        known = trained.users.index.get(user_id, -1)
        return Queries(history, np.array([known], dtype=np.int32), now)

    def _types(self, user_id: str) -> dict[int | None, str]:
        limit = self.settings.serve.history_length
        past = self.stores.events.history(id_key(user_id), limit=limit)
        return {event.item_key: event.type for event in past}


class _Measured:
    """What was measured for one item, and for another beside it."""

    def __init__(
        self,
        engine: Engine,
        positions: list[Position],
        types: dict[int | None, str],
        found: Influences,
        told: Contributions | None,
    ) -> None:
        vocabulary = engine.trained.items
        self._types, self._found = types, found
        self._ids: list[str] = [vocabulary.ids[item] for item in found.items]
        self._keys: list[int] = [int(vocabulary.keys[item]) for item in found.items]
        ranker = engine.trained.ranker
        self.features: list[FeatureContribution] = []
        self.ends: dict[str, Any] = {}
        if told is not None and ranker is not None:
            self.features = _features(told, ranker.features.features)
            self.ends["base"] = float(told.base[0]) if np.isfinite(told.base[0]) else None
        self.ends |= {"retrieved": float(found.full[0]), "without_events": float(found.empty[0])}
        self.positions = [
            position.model_copy(
                update={"evidence": [*(self._evidence(at) or position.evidence), *self._noted(at)]}
            )
            for at, position in enumerate(positions)
        ]

    @property
    def item_ids(self) -> list[str]:
        """Items of the history that are listed."""
        return [self._ids[at] for at in self._order(0)[:_LISTED]]

    def events(self, records: Records) -> list[EventInfluence]:
        """Items of the history, the most influential first."""
        return [
            EventInfluence(
                item_id=self._ids[at],
                title=title_of(self._ids[at], records),
                event=self._types.get(self._keys[at]),
                influence=float(self._found.values[at, 0]),
            )
            for at in self._order(0)[:_LISTED]
        ]

    def _order(self, column: int) -> list[int]:
        if not self._ids:
            return []
        return np.argsort(-np.abs(self._found.values[:, column]), kind="stable").tolist()

    def _evidence(self, column: int) -> list[Evidence]:
        """The events that speak for the item most, each with its part of what speaks for it."""
        if not self._ids:
            return []
        values = self._found.values[:, column]
        total = float(values[values > 0].sum()) or 1.0
        best: list[int] = np.argsort(-values, kind="stable")[:_CITED].tolist()
        return [
            Evidence(
                kind="event",
                item_id=self._ids[at],
                event=self._types.get(self._keys[at]),
                share=min(1.0, float(values[at]) / total),
            )
            for at in best
            if values[at] > 0
        ]

    def _noted(self, column: int) -> list[Evidence]:
        """The features that speak for the item most."""
        if column:
            return []
        best = [f for f in self.features if f.contribution > 0][:_TOLD_FEATURES]
        return [Evidence(kind="feature", text=feature.what) for feature in best]


def _features(told: Contributions, declared: Sequence[Feature]) -> list[FeatureContribution]:
    order: list[int] = np.argsort(-np.abs(told.values[0]), kind="stable")[:_LISTED].tolist()
    values = told.rows[0]
    return [
        FeatureContribution(
            feature=declared[at].name,
            what=declared[at].what,
            unit=declared[at].unit,
            value=float(values[at]) if np.isfinite(values[at]) else None,
            contribution=float(told.values[0, at]),
        )
        for at in order
        if told.values[0, at] != 0
    ]


def _at(slate: Slate, places: dict[str, int], item_id: str) -> Position:
    if item_id not in places:
        raise UnknownEntityError(
            f"the item {item_id!r} is not among the {len(places)} that could be shown",
            hint="it is unknown, hidden, or the user has had it: explain an item of their slate",
        )
    return slate.positions[places[item_id]]
