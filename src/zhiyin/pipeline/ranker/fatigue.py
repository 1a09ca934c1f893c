"""How often an item was shown to a user without an answer, in training and serving alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats, Histories, ItemIndices, Milliseconds
from zhiyin.core.keys import id_key
from zhiyin.core.protocols import ExposureLog
from zhiyin.data.slates import Slates
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.ranking.features.time_index import TimeIndex

DAYS = 30
"""Days for which it counts that an item was shown."""
SLATES = 200
"""Latest slates of a user that are read when a slate is made."""
_WINDOW = DAYS * 86_400_000


@dataclass(frozen=True, slots=True, eq=False)
class Showings:
    """What users were shown.

    Attributes:
        pairs: Distinct user * width + item, sorted, int64.
        index: When each of them was shown.
        width: More than any item.
    """

    pairs: NDArray[np.int64]
    index: TimeIndex
    width: int

    @classmethod
    def of(
        cls, users: NDArray[np.integer], items: NDArray[np.integer], times: Milliseconds
    ) -> Self:
        """From one row per user, item and moment; rows without user or item are left out."""
        kept = (users >= 0) & (items >= 0)
        items = items[kept].astype(np.int64)
        width = int(items.max(initial=0)) + 1
        pairs, slots = np.unique(users[kept].astype(np.int64) * width + items, return_inverse=True)
        return cls(pairs, TimeIndex.of(slots, times[kept]), width)

    @classmethod
    def of_slates(cls, slates: Slates) -> Self:
        """From slates."""
        lengths = slates.lengths
        return cls.of(
            np.repeat(slates.users, lengths), slates.items, np.repeat(slates.created, lengths)
        )

    def unanswered(
        self,
        users: NDArray[np.integer],
        histories: Histories,
        items: ItemIndices,
        now: Milliseconds,
    ) -> Floats:
        """How often each candidate was shown since the user last did something with it.

        Showings count for `DAYS`, to the second.

        Args:
            users: Of each query, shape (q,).
            histories: What they had done by then, q rows, with times.
            items: The candidates, shape (q, c), -1 for none.
            now: When each query is asked, shape (q,).

        Returns:
            float32 of shape (q, c).
        """
        inside = (items >= 0) & (items < self.width) & (users[:, None] >= 0)
        pairs = users[:, None].astype(np.int64) * self.width + np.where(inside, items, 0)
        if not len(self.pairs):
            return np.zeros(items.shape, dtype=np.float32)
        slots = np.minimum(np.searchsorted(self.pairs, pairs), len(self.pairs) - 1)
        known = inside & (self.pairs[slots] == pairs)
        until = np.broadcast_to(now[:, None], items.shape)
        since = np.maximum(until - _WINDOW, _last_done(histories, items))
        (before,), (by_then,) = self.index.before(slots, since), self.index.before(slots, until)
        return np.where(known, np.maximum(by_then - before, 0), 0).astype(np.float32)


def _last_done(histories: Histories, items: ItemIndices) -> Milliseconds:
    """When each user last did something with each candidate, far in the past for never."""
    never = np.full(items.shape, -(2**60), dtype=np.int64)
    if histories.times is None or not len(histories.items):
        return never
    width = np.int64(max(int(items.max(initial=0)), int(histories.items.max())) + 1)
    keys = histories.rows * width + histories.items
    order = np.lexsort((histories.times, keys))
    keys, times = keys[order], histories.times[order]
    rows = np.arange(len(items), dtype=np.int64)[:, None]
    wants = rows * width + np.maximum(items, 0)
    last = np.searchsorted(keys, wants, side="right") - 1
    done = (last >= 0) & (keys[np.maximum(last, 0)] == wants)
    # A slate of the same second is the one that was answered.
    return np.where(done, times[np.maximum(last, 0)] + 1000, never)


def shown_now(
    exposures: ExposureLog,
    user_id: str | None,
    histories: Histories,
    items: ItemIndices,
    vocabulary: Vocabulary,
    *,
    now: int,
) -> Floats:
    """The same for the candidates of one query, from the log; shape (1, c)."""
    if user_id is None:
        return np.zeros(items.shape, dtype=np.float32)
    shown = exposures.recent(id_key(user_id), since=now - _WINDOW, limit=SLATES)
    index = vocabulary.index
    rows = [(index.get(item, -1), slate.created) for slate in shown for item in slate.item_ids]
    table = np.array(rows, dtype=np.int64).reshape(-1, 2)
    nobody = np.zeros(len(table), dtype=np.int64)
    showings = Showings.of(nobody, table[:, 0], table[:, 1])
    moment = np.array([now], dtype=np.int64)
    return showings.unanswered(np.zeros(1, dtype=np.int64), histories, items, moment)
