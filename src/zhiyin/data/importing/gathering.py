"""Frames gathered until they are worth a transaction."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from zhiyin.data.identity import EventIdentity
from zhiyin.data.importing.events import NAMED
from zhiyin.data.importing.report import Tally

EVENT_ROWS = 1_000_000
"""Events held in memory before they are handed on."""
ENTITY_ROWS = 200_000
"""Entities held in memory before they are handed on."""


class EventGatherer:
    """Collects the events of one file and gives them their identity.

    Args:
        rows: Events per frame that is handed on.
    """

    def __init__(self, *, rows: int = EVENT_ROWS) -> None:
        self._rows = rows
        self._frames: list[pl.DataFrame] = []
        self._height = 0
        self._identity = EventIdentity()

    def add(self, events: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Takes events in; yields a frame when enough have come together."""
        if events.height:
            self._frames.append(events)
            self._height += events.height
        if self._height >= self._rows:
            yield from self.rest()

    def rest(self) -> Iterator[pl.DataFrame]:
        """Yields what is left."""
        if not self._frames:
            return
        frame = pl.concat(self._frames, how="diagonal")
        self._frames, self._height = [], 0
        missing = [
            pl.lit(None, pl.Int64).alias(name)
            for name in ("item_key", "timestamp")
            if name not in frame.columns
        ]
        frame = frame.with_columns(missing)
        named = NAMED if NAMED in frame.columns else None
        keys = pl.Series("event_key", self._identity.keys(frame, named=named))
        yield frame.drop(NAMED, strict=False).with_columns(keys)


class EntityGatherer:
    """Collects the entities of one file; of an id that comes again the last row counts.

    Args:
        tally: Where repeated ids are counted.
        rows: Entities per frame that is handed on.
    """

    def __init__(self, tally: Tally, *, rows: int = ENTITY_ROWS) -> None:
        self._tally = tally
        self._rows = rows
        self._frames: list[pl.DataFrame] = []
        self._height = 0

    def add(self, entities: pl.DataFrame, *, repeated: str | None = None) -> Iterator[pl.DataFrame]:
        """Takes entities in; yields a frame when enough have come together."""
        self._frames.append(entities)
        self._height += entities.height
        if self._height >= self._rows:
            yield from self.rest(repeated=repeated)

    def rest(self, *, repeated: str | None = None) -> Iterator[pl.DataFrame]:
        """Yields what is left.

        Args:
            repeated: A note to count repeated ids under, rather than as duplicates.
        """
        if not self._height:
            return
        frame = pl.concat(self._frames)
        self._frames, self._height = [], 0
        distinct = frame.unique("key", keep="last", maintain_order=True)
        again = frame.height - distinct.height
        if repeated is None:
            self._tally.duplicates += again
        else:
            self._tally.notes[repeated] += again
        yield distinct
