"""Live events of many requests in one commit: what waits together is stored together.

A durable commit waits for the disk, and the store lets one writer in at a time. Requests that
arrive while another one commits wait for it anyway; the next to get in stores the events of
all of them. Each request is still all or none, is acknowledged after the commit that holds it,
and learns how many of its own events were new.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from zhiyin.core.protocols import Appended
from zhiyin.pipeline.live import checked_events, event_frame, remember_entities
from zhiyin.pipeline.stores import Stores

_MOST_ROWS = 20_000


@dataclass(slots=True, eq=False)
class _Waiting:
    """The events of one request.

    Attributes:
        frame: Its rows.
        users: Ids of its users.
        items: Ids of its items.
        stored: What became of them, once they are stored.
        error: Why they are not.
    """

    frame: pl.DataFrame
    users: set[str]
    items: set[str]
    stored: Appended | None = None
    error: Exception | None = None


class Ingest:
    """Stores live events of one workspace; safe to call from many threads.

    Args:
        stores: Gives the stores.
    """

    def __init__(self, stores: Callable[[], Stores]) -> None:
        self._stores = stores
        self._queue: list[_Waiting] = []
        self._queueing = threading.Lock()
        self._committing = threading.Lock()

    def record(self, events: Sequence[dict[str, Any]], *, now: int) -> Appended:
        """Stores a batch, all or none; returns when it is durable.

        Args:
            events: Mappings with the fields of `zhiyin.pipeline.live.LiveEvent`.
            now: The present, for events that bring no time of their own.

        Raises:
            DataError: An event is malformed; nothing was stored.
            StoreError: The store could not take them; nothing was stored.
        """
        rows = checked_events(events)
        if not rows:
            return Appended(0, 0)
        own = _Waiting(
            event_frame(rows, now),
            {row.user_id for row in rows},
            {row.item_id for row in rows if row.item_id is not None},
        )
        with self._queueing:
            self._queue.append(own)
        with self._committing:
            while own.stored is None and own.error is None:
                self._commit(self._next())
        if own.error is not None:
            raise own.error
        assert own.stored is not None
        return own.stored

    def _next(self) -> list[_Waiting]:
        """Those who waited longest, as many as fit into one commit, and one at least."""
        with self._queueing:
            taken, rows = 0, 0
            for waiting in self._queue:
                rows += waiting.frame.height
                if taken and rows > _MOST_ROWS:
                    break
                taken += 1
            group, self._queue = self._queue[:taken], self._queue[taken:]
        return group

    def _commit(self, group: list[_Waiting]) -> None:
        stores = self._stores()
        try:
            remember_entities(
                stores.entities,
                users=set[str]().union(*(w.users for w in group)),
                items=set[str]().union(*(w.items for w in group)),
            )
            if len(group) == 1:
                group[0].stored = stores.events.append(group[0].frame)
                return
            before = stores.events.last_seq()
            stored = stores.events.append(pl.concat([w.frame for w in group]))
            self._share_out(group, stored, before)
        except Exception as error:
            for waiting in group:
                waiting.error = error

    def _share_out(self, group: list[_Waiting], stored: Appended, before: int) -> None:
        """Tells each request how many of its own events were new."""
        if not stored.duplicates:
            for waiting in group:
                waiting.stored = Appended(waiting.frame.height, 0)
            return
        batches = self._stores().events.scan(after=before, columns=["event_key"])
        new = {key for batch in batches for key in batch["event_key"].to_list()}
        for waiting in group:
            keys: list[int] = waiting.frame["event_key"].to_list()
            accepted = len(new.intersection(keys))
            new.difference_update(keys)
            waiting.stored = Appended(accepted, len(keys) - accepted)
