"""Many events in one transaction: duplicates are found by arrays, indexes are made last."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.backends.stores.bulk import BulkSession
from zhiyin.backends.stores.connection import statement
from zhiyin.backends.stores.database import Insert
from zhiyin.backends.stores.tables import EVENT_IDENTITY, EVENTS_OF_USER

_DROP = [
    # Indexes hold keys alone; to overwrite them with zeros would write them all once more.
    "PRAGMA secure_delete = OFF",
    f"DROP INDEX {EVENT_IDENTITY.name}",
    f"DROP INDEX {EVENTS_OF_USER.name}",
    "PRAGMA secure_delete = ON",
]
_CREATE = [
    # Sorted in runs that stay in the processor's cache, which halves the time of large ones.
    "PRAGMA cache_size = -8192",
    f"CREATE UNIQUE INDEX {EVENT_IDENTITY.name} ON events (event_key)",
    f"CREATE INDEX {EVENTS_OF_USER.name} ON events (user_key)",
]
IF_NEW = "ON CONFLICT (event_key) DO NOTHING"

HOLD_PLACE = (
    "INSERT INTO events (seq, event_key, user_key, type) SELECT last, 0, 0, 0 FROM event_sequence "
    "WHERE last > (SELECT coalesce(max(seq), 0) FROM events)"
)
"""First in a transaction that adds events: where the newest were erased, a row holds their
place, so that the numbers of those to come go on from there."""
FREE_PLACE = "DELETE FROM events WHERE event_key = 0 AND user_key = 0 AND type = 0"
"""Last in such a transaction."""

EventKeys = NDArray[np.int64]


class EventLoad:
    """The events of one bulk transaction.

    Args:
        session: The transaction.
        stored: Reads the keys that are in the table already; None where there are so many
            that the indexes had better be kept up to date.
    """

    def __init__(self, session: BulkSession, stored: Callable[[], EventKeys] | None) -> None:
        self._session = session
        self._seen = None if stored is None else np.sort(stored())
        session.execute([HOLD_PLACE, *(_DROP if self._seen is not None else ())])

    def add(self, rows: pl.DataFrame) -> int:
        """Adds the rows whose key is new; returns how many they are."""
        if self._seen is None:
            return self._session.insert_counted(statement(inserting(rows, IF_NEW)), rows)
        fresh = rows.filter(self._are_new(rows["event_key"].to_numpy()))
        if fresh.height:
            self._session.insert(statement(inserting(fresh)), fresh)
        return fresh.height

    def finish(self) -> None:
        """Makes the indexes again."""
        self._session.execute([*(_CREATE if self._seen is not None else ()), FREE_PLACE])

    def _are_new(self, keys: EventKeys) -> pl.Series:
        """Whether each key comes for the first time; from now on they count as seen."""
        assert self._seen is not None
        ordered = np.sort(keys)
        new = np.ones(len(keys), dtype=np.bool_)
        if (ordered[1:] == ordered[:-1]).any():
            new[:] = False
            new[np.unique(keys, return_index=True)[1]] = True
            ordered = np.unique(ordered)
        if len(self._seen):
            at = np.minimum(np.searchsorted(self._seen, ordered), len(self._seen) - 1)
            known = ordered[self._seen[at] == ordered]
            if len(known):
                new &= ~np.isin(keys, known)
        self._seen = np.concatenate([self._seen, ordered])
        self._seen.sort(kind="stable")
        return pl.Series(new)


def inserting(rows: pl.DataFrame, conflict: str = "") -> Insert:
    """An INSERT of events with the columns of a frame."""
    return Insert("events", tuple(rows.columns), conflict)
