"""The engine: answers a query with a slate, from a trained recommender and live histories."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from typing import Any, Self

import numpy as np

from zhiyin.core.candidates import Candidates, Queries
from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.errors import UnknownEntityError
from zhiyin.core.histories import Floats, ItemIndices
from zhiyin.core.keys import id_key, id_keys
from zhiyin.core.protocols import EntityKind, PastEvent, Policy, TextEncoder
from zhiyin.core.slate import Position, Slate
from zhiyin.core.stages import stage
from zhiyin.core.topk import bar, top_k
from zhiyin.data.vocabulary import BLANK, Vocabulary
from zhiyin.pipeline.availability import Availability
from zhiyin.pipeline.cold_users import Tastes, lean
from zhiyin.pipeline.evidence import with_evidence
from zhiyin.pipeline.fresh_items import FreshItems
from zhiyin.pipeline.likeness import Neighbour, items_like, users_like
from zhiyin.pipeline.live_histories import LiveHistories
from zhiyin.pipeline.ordering import Ordering, with_estimates
from zhiyin.pipeline.ranker.stage import at_items
from zhiyin.pipeline.settings import Settings
from zhiyin.pipeline.slating import Opening, Slated, SlateQuery, liked_by_all, make_slater
from zhiyin.pipeline.slating.query import checked_context, with_properties
from zhiyin.pipeline.stores import Stores
from zhiyin.pipeline.surfaces import SurfaceSettings
from zhiyin.pipeline.trained import Trained

_SPARE = 50
"""Neighbours beyond those asked for: some may be hidden or gone."""
CANDIDATES = 500
"""Best items of the blend that go to the ranker and to the slate."""


class Engine:
    """Answers queries.

    Args:
        trained: What was learned.
        version: Name of the artifact.
        stores: Where histories are read and exposures are written.
        policy: How slates are drawn.
        settings: The workspace's settings.
        clock: Source of the present.
        new_id: Source of slate ids.
        encoder: Gives the workspace's reader of texts, for items newer than the model.
        tastes: The users' profiles, for those who did little yet.
    """

    def __init__(
        self,
        trained: Trained,
        *,
        version: str,
        stores: Stores,
        policy: Policy,
        settings: Settings,
        clock: Clock = system_clock,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
        encoder: Callable[[], TextEncoder | None] = lambda: None,
        tastes: Tastes | None = None,
    ) -> None:
        self.trained = trained
        self.version = version
        self._stores = stores
        self._slater = make_slater(
            trained,
            policy,
            settings=settings,
            events=stores.events,
            entities=stores.entities,
            exposures=stores.exposures,
        )
        self._settings = settings
        self._clock = clock
        self._new_id = new_id
        self._tastes = tastes
        self._histories = LiveHistories(
            trained,
            stores.events,
            settings=settings.events,
            length=settings.serve.history_length,
        )
        self._fresh = FreshItems(stores.events, stores.entities, trained=trained, encoder=encoder)
        self._open = Availability(stores.entities)
        self._open.read(trained.items)

    @property
    def items(self) -> Vocabulary:
        """Every item that can be recommended now: the trained ones, then the new ones."""
        return self._fresh.vocabulary

    def notice(self, item_ids: Iterable[str]) -> None:
        """Told of items in events that were just stored, so that new ones are served at once."""
        if any(item not in self.trained.items.index for item in item_ids):
            self._fresh.refresh(now=self._clock(), force=True)

    def meet_catalogue(self) -> None:
        """Looks through the whole catalogue for items newer than the model."""
        self._fresh.meet_catalogue()

    def notice_items(self, item_ids: Iterable[str]) -> None:
        """Told of items that were just added, changed or deleted: the next slate knows of it."""
        ids = list(item_ids)
        self._fresh.meet(id_keys(ids).tolist())
        self._open.notice(ids)
        self._slater.table.notice(ids)

    def follow(self, surfaces: Mapping[str, SurfaceSettings]) -> None:
        """Has the next slate made as these surfaces say."""
        self._slater.follow(surfaces)

    def weighed(self, weights: Mapping[str, float]) -> Self:
        """An engine that differs in what each source counts for; for looks that are not logged.

        Args:
            weights: By name of a member of the blend, or "ranker"; others stay.

        Raises:
            UnknownModelError: The model has no such source.
        """
        self._fresh.refresh(now=self._clock())
        twin = copy(self)
        twin.trained = self.trained.weighed(weights)
        twin._fresh = self._fresh.over(twin.trained)
        return twin

    def forget(self, kind: EntityKind, key: int) -> None:
        """Forgets an erased user or item at once; see `zhiyin.pipeline.tombstones`."""
        known = self.trained.users if kind == "user" else self.trained.items
        row = int(known.locate(np.array([key], dtype=np.int64))[0])
        if row >= 0:
            known.forget(row)
        if kind == "item":
            self._fresh.forget(key)

    def recommend(
        self,
        user_id: str | None,
        *,
        n: int | None = None,
        surface: str = "home",
        session: Sequence[str] = (),
        exclude: Sequence[str] = (),
        seed: int = 0,
        explain: bool = False,
        filter: str = "",
        boost: str = "",
        context: Mapping[str, Any] | None = None,
        page_of: str = "",
        return_properties: Sequence[str] | bool = (),
        log: bool = True,
    ) -> Slate:
        """A slate for a user, or for an anonymous session.

        Args:
            user_id: Anybody; users never seen get what their session, or everybody, likes.
            n: Slate length, at most 1,000. None: as many as the surface has.
            surface: Where the slate appears.
            session: Item ids that the visitor has just looked at, oldest first.
            exclude: Item ids that must not appear.
            seed: Seed of the draw: same inputs, same seed, same slate.
            explain: Whether to add sources and evidence to each position.
            filter: Which items may be shown, as an expression; see `zhiyin.policy.expressions`.
            boost: What scores are multiplied with, as an expression.
            context: What is known of the moment: hour, device, place, query text, …
            page_of: Id of a slate, or of a later page of it: its next page, without repeats.
            return_properties: Attributes to return with each item; True, or "*", for all.
            log: Whether the slate is shown: else no exposure is recorded.

        Raises:
            ExpressionError: The filter or the boost cannot be read.
            DataError: The context holds what JSON does not.
            ConfigError: The surface is unknown, and ``serve.unknown_surface`` is "error".
            UnknownEntityError: Nobody was shown the slate that ``page_of`` names.
        """
        now = self._clock()
        self._fresh.refresh(now=now)
        moment = checked_context(context or {})
        query = SlateQuery(
            user_id, surface, now, n, session, exclude, seed, filter, boost, moment, page_of
        )
        with stage("rules"):
            opening = self._slater.open(query, self.items)
        past = opening.remembered
        surfaced = opening.surface.settings
        recipe = surfaced.recipe
        alone = recipe == "session" and len(session) > 0
        with stage("history"):
            since = self._histories.since(user_id)
            queries = self._query(user_id, since, session, now)
            asked = self._query(None, (), session, now) if alone else queries
        parts: dict[str, Floats] = {}
        read = self.trained.ranker is not None or bool(surfaced.objective.stated)
        with stage("retrieve"):
            scores, fallbacks = self._scores(
                asked, None if alone else user_id, keep=parts if read else None
            )
        if recipe == "popular":
            scores[0], fallbacks = liked_by_all(self.trained, len(self.items)), []
        elif recipe == "session" and not alone:
            fallbacks.append("no session: what the user likes")
        barred = [*session, *exclude, *opening.barred]
        self._bar(scores, queries, since, barred=barred, hide_seen=past.hide_seen)
        with stage("rank"):
            candidates = self._candidates(scores, parts)
            if recipe != "popular":
                candidates = self._ranked(candidates, asked, query, surfaced)
        with stage("policy"):
            slated = self._slated(candidates, opening, scores)
        positions = self._positions(slated)
        if explain:
            types = self._event_types(user_id)
            positions = with_evidence(
                positions,
                trained=self.trained,
                items=self.items,
                bridge=self._fresh.bridge,
                queries=queries,
                types=types,
                ranked=candidates,
            )
            positions = [_without_erased(position) for position in positions]
            positions = with_estimates(positions, candidates, self.items)
        slate = Slate(
            slate_id=self._new_id(),
            user_id=user_id,
            surface=surface,
            positions=positions,
            policy=slated.policy,
            arm="default",
            seed=seed,
            model_version=self.version,
            created=now,
            fallbacks=[*fallbacks, *slated.fallbacks],
            odds=slated.odds,
            lost_rules=list(slated.lost),
            context=moment,
            page_of=past.first_page,
            page=past.page,
        )
        if log:
            with stage("expose"):
                self._stores.exposures.record(slate.model_dump(mode="json"))
        return with_properties(slate, self._stores.entities, return_properties)

    def rank(
        self,
        user_id: str | None,
        items: Sequence[str],
        *,
        surface: str = "home",
        session: Sequence[str] = (),
        context: Mapping[str, Any] | None = None,
        log: bool = False,
    ) -> Slate:
        """The caller's candidates in order, every one of them, with scores.

        Nothing is left out, neither seen nor hidden items; unknown ones come last, as given.

        Args:
            user_id: For whom; None for an anonymous session.
            items: Ids of the candidates; of a repeated one the first counts.
            surface: Where they are shown.
            session: Item ids that the visitor has just looked at, oldest first.
            context: What the moment is like; kept with the exposure.
            log: Whether the order is shown as it is: then its exposure is logged.
        """
        moment = checked_context(context or {})
        now = self._clock()
        self._fresh.refresh(now=now)
        queries = self._query(user_id, self._histories.since(user_id), session, now)
        parts: dict[str, Floats] = {}
        scores, fallbacks = self._scores(queries, user_id, keep=parts)
        vocabulary = self.items
        asked = list(dict.fromkeys(items))
        known = [i for i in asked if i in vocabulary.index]
        rows = np.array([vocabulary.index[i] for i in known], dtype=np.int32)
        order = np.lexsort((vocabulary.tie_order[rows], -scores[0, rows]))
        picked = rows[order][None]
        best = Candidates(picked, scores[:, rows[order]], _said_of(picked, parts))
        query = SlateQuery(user_id, surface, now, session=session, context=moment)
        best = self._ranked(best, queries, query, SurfaceSettings())
        found: list[int] = best.items[0].tolist()
        values: list[float] = best.scores[0].tolist()
        pairs = zip(found, values, strict=True)
        ranked = [(vocabulary.ids[item], score) for item, score in pairs if item >= 0]
        unknown = [i for i in asked if i not in vocabulary.index]
        if unknown:
            floor = min((score for _, score in ranked), default=0.0)
            ranked += [(i, floor) for i in unknown]
            fallbacks.append(f"{len(unknown)} unknown items come last, in the order given")
        slate = Slate(
            slate_id=self._new_id(),
            user_id=user_id,
            surface=surface,
            positions=[Position(item_id=i, score=s, propensity=1.0) for i, s in ranked],
            policy="rank",
            arm="default",
            seed=0,
            model_version=self.version,
            created=now,
            fallbacks=fallbacks,
            odds="deterministic",
            context=moment,
        )
        if log:
            self._stores.exposures.record(slate.model_dump(mode="json"))
        return slate

    def slate(self, slate_id: str) -> Slate:
        """A slate that was shown.

        Raises:
            UnknownEntityError: No such slate was logged.
        """
        found = self._stores.exposures.find(slate_id)
        if found is None:
            raise UnknownEntityError(
                f"no slate {slate_id!r} was shown", hint="take the slate_id of a slate as it came"
            )
        return Slate.model_validate(found)

    def score(self, queries: Queries) -> Floats:
        """Scores of every item that can be recommended now, shape (q, len(items))."""
        return self._fresh.score(queries)

    def standing_of(self, user_id: str) -> Floats | None:
        """How much a user likes each item, in standard deviations above the mean item.

        Returns:
            float32 of shape (len(items),); None for somebody of whom nothing is known.
        """
        now = self._clock()
        self._fresh.refresh(now=now)
        queries = self._query(user_id, self._histories.since(user_id), (), now)
        if not len(queries.histories.items):
            return None
        scores = self._scores(queries, user_id)[0][0]
        known = np.isfinite(scores)
        spread = max(float(scores[known].std()), 1e-9) if known.any() else 1.0
        mean = float(scores[known].mean()) if known.any() else 0.0
        return np.where(known, (scores - mean) / spread, 0.0).astype(np.float32)

    def similar_items(self, item_id: str, *, n: int = 10) -> list[Neighbour]:
        """The items most like one, by behaviour; for a new item those its users took.

        Raises:
            UnknownEntityError: Nobody has seen this item.
        """
        self._fresh.refresh(now=self._clock())
        index = self.items.index.get(item_id)
        if index is None:
            raise UnknownEntityError(f"no event mentions the item {item_id!r}", hint="check the id")
        if index < len(self.trained.items):
            return self._open_ones(items_like(self.trained, index, n=n + _SPARE), n)
        return self._open_ones(self._fresh.neighbours(index, n=n + _SPARE), n)

    def _open_ones(self, neighbours: list[Neighbour], n: int) -> list[Neighbour]:
        """The first n neighbours that may be shown as of now."""
        opened = self._open.among([near.id for near in neighbours])
        return [near for near in neighbours if near.id in opened][:n]

    def similar_users(self, user_id: str, *, n: int = 10) -> list[Neighbour]:
        """The users whose behaviour is most like one's.

        Raises:
            UnknownEntityError: This user has done nothing.
        """
        since = self._histories.since(user_id)
        history = self._histories.of(user_id, since, (), now=self._clock())
        if not len(history.items):
            raise UnknownEntityError(f"no event mentions the user {user_id!r}", hint="check the id")
        return users_like(
            self.trained, history, n=n, itself=self.trained.users.index.get(user_id, -1)
        )

    def _query(
        self, user_id: str | None, since: Sequence[PastEvent], session: Sequence[str], now: int
    ) -> Queries:
        history = self._histories.of(user_id, since, session, now=now)
        known = -1 if user_id is None else self.trained.users.index.get(user_id, -1)
        return Queries(history, np.array([known], dtype=np.int32), now)

    def _bar(
        self,
        scores: Floats,
        queries: Queries,
        since: Sequence[PastEvent],
        *,
        barred: Sequence[str],
        hide_seen: bool,
    ) -> None:
        """Lowers what must not appear to -inf, in place."""
        if hide_seen:
            bar(scores, queries.histories)
            barred = [*barred, *self._new_items_of(since)]
        index = self.items.index
        scores[0, [index[i] for i in barred if i in index]] = -np.inf
        self._open.bar(scores, self.items)

    def _slated(self, candidates: Candidates, opening: Opening, scores: Floats) -> Slated:
        """The slate of what may be shown as of now: the store has the last word."""
        while True:
            slated = self._slater.slate(candidates, opening, scores[0])
            rows: list[int] = slated.items.tolist()
            ids = [self.items.ids[row] for row in rows]
            opened = self._open.among(ids)
            if len(opened) == len(ids):
                return slated
            shut = [row for row, item in zip(rows, ids, strict=True) if item not in opened]
            scores[0, shut] = -np.inf
            stay = ~np.isin(candidates.items[0], shut)
            candidates = Candidates(
                candidates.items[:, stay],
                candidates.scores[:, stay],
                {name: column[:, stay] for name, column in candidates.columns.items()},
            )

    def _candidates(self, scores: Floats, parts: Mapping[str, Floats]) -> Candidates:
        """The best items of the blend, at most `CANDIDATES`, best first."""
        best = top_k(scores, k=CANDIDATES, tie_order=self.items.tie_order)
        return Candidates(best.items, best.scores, _said_of(best.items, parts))

    def _ranked(
        self, found: Candidates, queries: Queries, query: SlateQuery, settings: SurfaceSettings
    ) -> Candidates:
        """The candidates as the ranker, and the surface's objective, order them, best first."""
        order = Ordering(self.trained, self._stores.exposures, self.items)
        return order.of(found, queries, query, settings)

    def _scores(
        self, queries: Queries, user_id: str | None, *, keep: dict[str, Floats] | None = None
    ) -> tuple[Floats, list[str]]:
        known, profile = len(queries.histories.items), 0.0
        expected = None if known else self._expected(user_id)
        scores = self._fresh.score(queries, expected=expected, keep=keep)
        if self._tastes is not None and user_id is not None:
            leaning = lean(scores, self._tastes, user_id, items=self.items, n_events=known)
            scores, profile = leaning.scores, leaning.profile
        fallbacks: list[str] = []
        if not known and not profile:
            liked = "popular items" if expected is None else "what people with like attributes take"
            fallbacks.append(f"no history: {liked}")
        if self._fresh.fallback:
            fallbacks.append(self._fresh.fallback)
        return scores, fallbacks

    def _expected(self, user_id: str | None) -> Floats | None:
        """What people with a user's attributes take; None where nothing is known."""
        people = self.trained.people
        if people is None or user_id is None:
            return None
        return people.score(self._stores.entities.get("user", [user_id]).get(user_id) or {})

    def _event_types(self, user_id: str | None) -> dict[int | None, str]:
        """What the user last did to each item, by item key."""
        if user_id is None:
            return {}
        limit = self._settings.serve.history_length
        return {
            e.item_key: e.type for e in self._stores.events.history(id_key(user_id), limit=limit)
        }

    def _new_items_of(self, since: Sequence[PastEvent]) -> list[str]:
        """Items of the history that only the live vocabulary knows."""
        if not len(self._fresh):
            return []
        keys = np.array([event.item_key for event in since], dtype=np.int64)
        found = self.items.locate(keys)
        return [self.items.ids[i] for i in found[found >= len(self.trained.items)]]

    def _positions(self, slated: Slated) -> list[Position]:
        ids, rows = self.items.ids, [int(row) for row in slated.items]
        columns = zip(rows, slated.scores.tolist(), slated.propensities.tolist(), strict=True)
        return [Position(item_id=ids[row], score=s, propensity=p) for row, s, p in columns]


def _said_of(items: ItemIndices, parts: Mapping[str, Floats]) -> dict[str, Floats]:
    """What each retriever says of candidates, by name."""
    return {name: at_items(values, items) for name, values in parts.items()}


def _without_erased(position: Position) -> Position:
    """The position without evidence on items that are no more."""
    kept = [e for e in position.evidence if not (e.item_id or "").startswith(BLANK)]
    if len(kept) == len(position.evidence):
        return position
    return position.model_copy(update={"evidence": kept})
