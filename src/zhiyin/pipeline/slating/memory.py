"""What earlier slates and events of a user keep out of the next slate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from zhiyin.core.errors import UnknownEntityError
from zhiyin.core.keys import id_key
from zhiyin.core.protocols import EventStore, ExposureLog
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.pipeline.slating.query import SlateQuery
from zhiyin.pipeline.surfaces import MemorySettings

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """What is known before candidates are looked for.

    Attributes:
        barred: Ids of items that must not appear.
        times_shown: How often each item was shown to the user here lately.
        hide_seen: Whether the whole history is left out.
        first_page: Id of the first page, where this is a later one.
        page: Which page this is.
    """

    barred: set[str] = field(default_factory=set[str])
    times_shown: Counter[str] = field(default_factory=Counter[str])
    hide_seen: bool = True
    first_page: str | None = None
    page: int = 1


class Memory:
    """Reads the log of exposures and the events of a user.

    Args:
        exposures: What was shown.
        events: What was done.
        hide_seen: Whether items of the history are left out, where a surface does not say.
        history_length: How many of a user's latest events are read.
    """

    def __init__(
        self, exposures: ExposureLog, events: EventStore, *, hide_seen: bool, history_length: int
    ) -> None:
        self._exposures, self._events = exposures, events
        self._hide_seen, self._length = hide_seen, history_length

    def of(self, query: SlateQuery, settings: MemorySettings, items: Vocabulary) -> Remembered:
        """What bars items from the slate of a query.

        Raises:
            UnknownEntityError: The query continues a slate that nobody was shown.
        """
        barred: set[str] = set()
        hide_seen = settings.hide_seen
        if settings.hide_days and query.user_id is not None:
            barred.update(self._recent_events(query.user_id, query.now, settings, items))
            hide_seen = False
        shown = self._shown(query, settings)
        if settings.frequency_cap:
            barred.update(i for i, times in shown.items() if times >= settings.frequency_cap)
        first, page = None, 1
        if query.page_of:
            pages = self._exposures.pages(query.page_of)
            if not pages:
                raise UnknownEntityError(
                    f"no slate has the id {query.page_of[:80]!r}", hint="page_of takes a slate_id"
                )
            first, page = pages[0].slate_id, len(pages) + 1
            barred.update(i for shown_page in pages for i in shown_page.item_ids)
        hidden = self._hide_seen if hide_seen is None else hide_seen
        return Remembered(barred, shown, hidden, first, page)

    def _shown(self, query: SlateQuery, settings: MemorySettings) -> Counter[str]:
        if query.user_id is None or not (settings.frequency_cap or settings.rotation):
            return Counter()
        since = query.now - round(settings.days * _DAY_MS)
        found = self._exposures.recent(id_key(query.user_id), since=since, limit=settings.slates)
        return Counter(i for s in found if s.surface == query.surface for i in set(s.item_ids))

    def _recent_events(
        self, user_id: str, now: int, settings: MemorySettings, items: Vocabulary
    ) -> list[str]:
        """Items of events that are not old enough; an event without a time is as of now."""
        days = settings.hide_days
        keys = [
            event.item_key
            for event in self._events.history(id_key(user_id), limit=self._length)
            if event.item_key is not None
            and event.type in days
            and (event.timestamp or now) >= now - days[event.type] * _DAY_MS
        ]
        found: list[int] = items.locate(np.array(keys, dtype=np.int64)).tolist()
        return [items.ids[i] for i in found if i >= 0]
