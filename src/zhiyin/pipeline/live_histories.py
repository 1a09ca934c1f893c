"""Histories of the present, read from the event store at each query.

Nothing is cached, so an event that was acknowledged, by whatever process, is in the next
slate of its user.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zhiyin.core.histories import Histories
from zhiyin.core.keys import id_key, id_keys
from zhiyin.core.protocols import EventStore, PastEvent
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.pipeline.settings import EventSettings

_DAY = 86_400_000
_NEVER = 2**62


class LiveHistories:
    """Reads what a user has done, as models want it.

    Args:
        events: The store.
        items: The vocabulary that items are counted in; items outside it are left out.
        settings: Weights and half-life of events.
        order: What orders events: "timestamp", "position", or None for arrival.
        length: How many recent events are read.
    """

    def __init__(
        self,
        events: EventStore,
        *,
        items: Vocabulary,
        settings: EventSettings,
        order: str | None,
        length: int,
    ) -> None:
        self._events = events
        self._items = items
        self._settings = settings
        self._order = order
        self._length = length

    def past(self, user_id: str | None) -> list[PastEvent]:
        """The user's recent events on items, oldest first."""
        if user_id is None:
            return []
        past = self._events.history(id_key(user_id), limit=self._length)
        past = [event for event in past if event.item_key is not None]
        if self._order == "timestamp":
            past.sort(key=lambda event: _NEVER if event.timestamp is None else event.timestamp)
        elif self._order == "position":
            past.sort(key=lambda event: _NEVER if event.position is None else event.position)
        return past

    def of(self, past: Sequence[PastEvent], session: Sequence[str], *, now: int) -> Histories:
        """One row: past events, and then what the visitor has just looked at.

        Args:
            past: From `past`.
            session: Item ids, oldest first; ids unknown to the vocabulary are left out.
            now: The present, in milliseconds.
        """
        keys = np.array([event.item_key for event in past], dtype=np.int64)
        items = np.concatenate([self._items.locate(keys), self._items.locate(id_keys(session))])
        weights = np.array(
            [self._weight(event, now) for event in past] + [self._settings.default_weight] * len(session),
            dtype=np.float32,
        )
        times = np.array([event.timestamp or now for event in past] + [now] * len(session), dtype=np.int64)
        known = items >= 0
        return Histories(
            np.array([0, known.sum()], dtype=np.int64),
            items[known],
            weights[known],
            len(self._items),
            times[known] if self._order == "timestamp" else None,
        )

    def _weight(self, event: PastEvent, now: int) -> float:
        weight = self._settings.weights.get(event.type, self._settings.default_weight)
        half_life = self._settings.half_life_days
        if half_life is None or event.timestamp is None:
            return weight
        return weight * 0.5 ** (max(0, now - event.timestamp) / _DAY / half_life)
