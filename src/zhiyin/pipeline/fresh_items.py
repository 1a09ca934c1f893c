"""Items that arrived after the last training, scored through the company they keep.

A new item has no weights in any model, but the users who took it have histories. Its score
for a query is the mean standardised score of the items in those histories: people who like
what its first users like may like it too. Few users say little, so the score is shrunk by
n / (n + SHRINKAGE).
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import EntityStore, EventStore
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.pipeline.likeness import Neighbour

SHRINKAGE = 5.0
"""Users after which a new item's own evidence counts half."""
LOOK_EVERY_MS = 1000
"""Milliseconds between looks for events that other processes stored."""
_NEIGHBOURS = 200
"""At most so many first users of a new item are asked."""
_COMPANY = 50
"""Events of each that are read."""


class FreshItems:
    """The items that the trained vocabulary lacks, and how to score them.

    Args:
        events: The event store.
        entities: The entity store.
        vocabulary: The vocabulary at training.
        after: ``seq`` of the last event that training saw.
    """

    def __init__(
        self, events: EventStore, entities: EntityStore, *, vocabulary: Vocabulary, after: int
    ) -> None:
        self._events = events
        self._entities = entities
        self._trained = vocabulary
        self._seen_seq = after
        self._checked = 0
        self._takers: dict[int, dict[int, None]] = {}
        self.vocabulary = vocabulary
        self._company = _nobody(0, len(vocabulary))
        self.meet_catalogue()

    def __len__(self) -> int:
        return len(self.vocabulary) - len(self._trained)

    def refresh(self, *, now: int, force: bool = False) -> None:
        """Reads the events that came since the last look, at most once in `LOOK_EVERY_MS`.

        Args:
            now: The present, in milliseconds.
            force: Look in any case: an event on an unknown item has just been stored.
        """
        if not force and 0 <= now - self._checked < LOOK_EVERY_MS:
            return
        self._checked = now
        last = self._events.last_seq()
        if last == self._seen_seq:
            return
        changed = False
        for batch in self._events.scan(after=self._seen_seq, columns=["user_key", "item_key"]):
            linked = batch.drop_nulls()
            unknown = self._trained.locate(linked["item_key"].to_numpy()) < 0
            for user, item in linked.filter(pl.Series(unknown)).iter_rows():
                self._takers.setdefault(item, {})[user] = None
                changed = True
        self._seen_seq = last
        if changed:
            self._learn()

    def meet_catalogue(self) -> None:
        """Looks for items that came into the catalogue, with nobody's events yet."""
        keys = self._entities.scan("item", columns=["key"])["key"]
        unknown = keys.filter(pl.Series(self._trained.locate(keys.to_numpy()) < 0)).to_list()
        if any(key not in self._takers for key in unknown):
            for key in unknown:
                self._takers.setdefault(key, {})
            self._learn()

    def extend(self, scores: Floats) -> Floats:
        """Scores of shape (q, trained items) with columns for the new items added."""
        if not len(self):
            return scores
        floor = np.nextafter(scores.min(axis=1, keepdims=True), np.float32(-np.inf))
        centred = scores - scores.mean(axis=1, keepdims=True)
        fresh = np.asarray(self._company @ centred.T).T + scores.mean(axis=1, keepdims=True)
        fresh[:, np.diff(self._company.indptr) == 0] = -np.inf  # nobody's yet: last of all
        return np.hstack([scores, np.maximum(fresh, floor).astype(np.float32)])

    def neighbours(self, index: int, *, n: int) -> list[Neighbour]:
        """What the users of a new item took, most common first."""
        row = self._company[index - len(self._trained)]
        order = np.argsort(-row.data, kind="stable")[:n]
        ids = self._trained.ids
        return [Neighbour(ids[row.indices[at]], float(row.data[at])) for at in order]

    def _learn(self) -> None:
        ids = self._entities.ids("item", list(self._takers))
        self.vocabulary = self._trained.extended([ids[key] for key in self._takers if key in ids])
        keys = self.vocabulary.keys[len(self._trained) :].tolist()
        self._company = self._keep_company([list(self._takers[key]) for key in keys])

    def _keep_company(self, takers: list[list[int]]) -> csr_matrix:
        """For each new item the items of its users' histories, weights as in the module's text."""
        rows: list[NDArray[np.int32]] = []
        columns: list[NDArray[np.int32]] = []
        values: list[NDArray[np.float32]] = []
        for row, users in enumerate(takers):
            company = [self._items_of(user) for user in users[:_NEIGHBOURS]]
            items = np.concatenate([np.empty(0, dtype=np.int32), *company])
            if not len(items):
                continue
            found, counts = np.unique(items, return_counts=True)
            weights = counts / counts.sum()
            rows.append(np.full(len(found), row, dtype=np.int32))
            columns.append(found)
            values.append((weights * len(users) / (len(users) + SHRINKAGE)).astype(np.float32))
        shape = (len(takers), len(self._trained))
        if not rows:
            return _nobody(*shape)
        pairs = (np.concatenate(rows), np.concatenate(columns))
        return csr_matrix((np.concatenate(values), pairs), shape=shape)

    def _items_of(self, user_key: int) -> NDArray[np.int32]:
        past = self._events.history(user_key, limit=_COMPANY)
        keys = np.array([e.item_key for e in past if e.item_key is not None], dtype=np.int64)
        found = self._trained.locate(keys)
        return np.unique(found[found >= 0])


def _nobody(items: int, company: int) -> csr_matrix:
    """The company of items that nobody took."""
    return csr_matrix((items, company)).astype(np.float32)
