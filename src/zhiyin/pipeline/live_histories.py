"""Histories of the present: what training saw, and what the event store got since.

What training saw is memory-mapped with the artifact; later events are read from the store
at each query and never cached, so an event that was acknowledged, by whatever process, is
in the next slate of its user.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zhiyin.core.histories import Histories
from zhiyin.core.keys import id_key, id_keys
from zhiyin.core.protocols import EventStore, PastEvent
from zhiyin.pipeline.freshness import freshness
from zhiyin.pipeline.settings import EventSettings
from zhiyin.pipeline.trained import Trained


class LiveHistories:
    """Reads what a user has done, as models want it.

    Args:
        trained: What training saw.
        events: The store, for everything later.
        settings: Weights and half-life of events.
        length: How many later events are read.
    """

    def __init__(
        self, trained: Trained, events: EventStore, *, settings: EventSettings, length: int
    ) -> None:
        self._trained = trained
        self._events = events
        self._weights = settings.weights
        self._default = settings.default_weight
        self._half_life = settings.half_life_days
        self._length = length

    def since(self, user_id: str | None) -> list[PastEvent]:
        """The user's events on items that came after training, oldest first."""
        if user_id is None:
            return []
        after = self._trained.last_seq
        found = self._events.history(id_key(user_id), limit=self._length, after=after)
        return [event for event in found if event.item_key is not None]

    def of(
        self, user_id: str | None, since: Sequence[PastEvent], session: Sequence[str], *, now: int
    ) -> Histories:
        """One row: what training saw, later events, and what the visitor has just looked at.

        Args:
            user_id: Whose history.
            since: From `since`.
            session: Item ids, oldest first; ids unknown to the vocabulary are left out.
            now: The present, in milliseconds.
        """
        before = self._before(user_id)
        if not since and not session:
            return before
        vocabulary = self._trained.items
        keys = np.array([event.item_key for event in since], dtype=np.int64)
        items = np.concatenate([vocabulary.locate(keys), vocabulary.locate(id_keys(session))])
        weights = [self._weights.get(event.type, self._default) for event in since]
        weights += [self._default] * len(session)
        times = np.array([e.timestamp or now for e in since] + [now] * len(session), dtype=np.int64)
        fade = freshness(times, as_of=self._trained.as_of, half_life_days=self._half_life)
        known = items >= 0
        joined = np.concatenate([before.items, items[known]])
        weight = np.concatenate([before.weights, (weights * fade).astype(np.float32)[known]])
        when = None
        if before.times is not None:
            when = np.concatenate([before.times, times[known]])
            order = np.argsort(when, kind="stable")
            joined, weight, when = joined[order], weight[order], when[order]
        indptr = np.array([0, len(joined)], dtype=np.int64)
        return Histories(indptr, joined, weight, len(vocabulary), when)

    def _before(self, user_id: str | None) -> Histories:
        """The user's row of the training histories."""
        histories = self._trained.histories
        row = None if user_id is None else self._trained.users.index.get(user_id)
        part = slice(0, 0) if row is None else slice(*histories.indptr[row : row + 2].tolist())
        weights = np.asarray(histories.weights[part])
        return Histories(
            np.array([0, len(weights)], dtype=np.int64),
            np.asarray(histories.items[part]),
            weights,
            histories.n_items,
            None if histories.times is None else np.asarray(histories.times[part]),
            histories.ordered or not len(weights),
        )
