"""The engine: answers a query with a slate, from a trained recommender and live histories."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import Queries
from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.histories import Histories
from zhiyin.core.keys import id_key
from zhiyin.core.protocols import EntityStore, EventStore, ExposureLog, Policy
from zhiyin.core.rng import derive_rng
from zhiyin.core.slate import Position, Slate
from zhiyin.core.topk import EMPTY, bar, top_k
from zhiyin.pipeline.assembly import event_weights
from zhiyin.pipeline.settings import Settings
from zhiyin.pipeline.trained import Trained

_SPARE = 50
"""Candidates kept beyond the slate, for policies that draw."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the engine reads and writes."""

    events: EventStore
    entities: EntityStore
    exposures: ExposureLog
    close: Callable[[], None] = lambda: None


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
    ) -> None:
        self.trained = trained
        self.version = version
        self._stores = stores
        self._policy = policy
        self._settings = settings
        self._clock = clock
        self._new_id = new_id

    def recommend(
        self,
        user_id: str | None,
        *,
        n: int = 10,
        surface: str = "home",
        session: Sequence[str] = (),
        exclude: Sequence[str] = (),
        seed: int = 0,
    ) -> Slate:
        """A slate for a user, or for an anonymous session.

        Args:
            user_id: Anybody; users never seen get what their session, or everybody, likes.
            n: Slate length; fewer where the catalogue is smaller.
            surface: Where the slate appears.
            session: Item ids that the visitor has just looked at, oldest first.
            exclude: Item ids that must not appear.
            seed: Seed of the draw.
        """
        history = self._history(user_id, session)
        users = np.array([-1 if user_id is None else self.trained.users.index.get(user_id, -1)])
        queries = Queries(history, users.astype(np.int32), self._clock())
        scores = self._scores(queries)
        if self._settings.serve.hide_seen:
            bar(scores, history)
        scores[0, [i for i in map(self.trained.items.index.get, exclude) if i is not None]] = -np.inf
        best = top_k(scores, k=n + _SPARE, tie_order=self.trained.items.tie_order)
        items = best.items[0][best.items[0] != EMPTY]
        slate_id = self._new_id()
        rng = derive_rng(seed, user_id or "", surface)
        selection = self._policy.select(best.scores[0][: len(items)], n=n, rng=rng)
        slate = Slate(
            slate_id=slate_id,
            user_id=user_id,
            surface=surface,
            positions=[
                Position(
                    item_id=self.trained.items.ids[items[at]],
                    score=float(best.scores[0][at]),
                    propensity=float(odds),
                )
                for at, odds in zip(selection.picked, selection.propensities, strict=True)
            ],
            policy=self._policy.name,
            arm="default",
            seed=seed,
            model_version=self.version,
            created=queries.as_of,
        )
        self._stores.exposures.record(slate.model_dump(mode="json"))
        return slate

    def _scores(self, queries: Queries) -> NDArray[np.float32]:
        if len(queries.histories.items):
            return self.trained.blend.score(queries)
        return np.log1p(self.trained.popularity)[None].copy()

    def _history(self, user_id: str | None, session: Sequence[str]) -> Histories:
        items: list[NDArray[np.int32]] = []
        weights: list[NDArray[np.float32]] = []
        vocabulary = self.trained.items
        if user_id is not None:
            frame = self._stores.events.history(id_key(user_id), limit=self._settings.serve.history_length)
            frame = frame.filter(frame["item_key"].is_not_null())
            if frame["timestamp"].null_count() == 0:
                frame = frame.sort("timestamp", maintain_order=True)
            items.append(vocabulary.locate(frame["item_key"].to_numpy()))
            weights.append(event_weights(frame, settings=self._settings.events, as_of=self._clock()))
        seen_now = [i for i in map(vocabulary.index.get, session) if i is not None]
        items.append(np.asarray(seen_now, dtype=np.int32))
        weights.append(np.ones(len(seen_now), dtype=np.float32))
        joined, weight = np.concatenate(items), np.concatenate(weights)
        known = joined >= 0
        return Histories(
            np.array([0, known.sum()]), joined[known], weight[known], len(vocabulary)
        )
