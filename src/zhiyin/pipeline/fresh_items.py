"""Items that arrived after the last training, scored by what they are and who took them.

A new item has no weights in any model. While nobody took it, its attributes speak (see
`zhiyin.models.content.bridge`). The users who take it have histories: the mean standardised
score of the items in those says that people who like what its first users like may like it
too. With n users this counts n / (n + SHRINKAGE), the attributes the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.candidates import Queries
from zhiyin.core.errors import ZhiyinError
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import EntityStore, EventStore, TextEncoder
from zhiyin.models.content.bridge import ContentBridge
from zhiyin.pipeline.likeness import Neighbour
from zhiyin.pipeline.trained import Trained

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
        trained: The recommender, with its vocabulary and the last event that it saw.
        encoder: Gives the encoder of texts, once an item has to be read.
    """

    def __init__(
        self,
        events: EventStore,
        entities: EntityStore,
        *,
        trained: Trained,
        encoder: Callable[[], TextEncoder | None] = lambda: None,
    ) -> None:
        self._events = events
        self._entities = entities
        self._recommender = trained
        self._encoder = encoder
        self._trained = trained.items
        self._seen_seq = trained.last_seq
        self._checked = 0
        self._takers: dict[int, dict[int, None]] = {}
        self.vocabulary = trained.items
        self._company = _nobody(0, len(trained.items))
        self._users = np.empty(0, dtype=np.float32)
        self._bridge: ContentBridge | None = None
        self._described = np.empty(0, dtype=np.bool_)
        self.fallback = ""
        self.meet_catalogue()

    def __len__(self) -> int:
        return len(self.vocabulary) - len(self._trained)

    @property
    def bridge(self) -> ContentBridge | None:
        """What scores items by their attributes, the new ones among them."""
        content = self._recommender.content
        return self._bridge or (content.bridge if content else None)

    def over(self, trained: Trained) -> Self:
        """The same items, scored by a model with the same vocabulary."""
        twin = copy(self)
        twin._recommender = trained
        return twin

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
        self.meet(self._entities.scan("item", columns=["key"])["key"])

    def meet(self, keys: Iterable[int]) -> None:
        """Takes in items that were just added or changed, by key."""
        asked = np.fromiter(keys, dtype=np.int64)
        unknown = asked[self._trained.locate(asked) < 0]
        for key in unknown.tolist():
            self._takers.setdefault(key, {})
        if len(unknown):
            self._learn()

    def score(
        self,
        queries: Queries,
        *,
        expected: Floats | None = None,
        keep: dict[str, Floats] | None = None,
    ) -> Floats:
        """Scores of the trained items, then of the new ones: shape (q, len(vocabulary)).

        Args:
            queries: Whom to score for.
            expected: See `Trained.retrieve`.
            keep: See `Trained.retrieve`; of the trained items alone.
        """
        scores = self._recommender.retrieve(
            queries, bridge=self._bridge, expected=expected, keep=keep
        )
        n = len(self._trained)
        if not len(self):
            return scores
        known = scores[:, :n]
        floor = np.nextafter(known.min(axis=1, keepdims=True), np.float32(-np.inf))
        mean = known.mean(axis=1, keepdims=True)
        takers = np.diff(self._company.indptr)
        company = np.asarray(self._company @ (known - mean).T).T + mean
        trust = (self._users / (self._users + SHRINKAGE)).astype(np.float32)
        fresh = np.where(takers > 0, mean + trust * (company - mean), -np.inf)
        if self._bridge is not None:
            told = trust * np.where(takers > 0, company, 0) + (1 - trust) * scores[:, n:]
            fresh = np.where(self._described, told, fresh)
        return np.hstack([known, np.maximum(fresh, floor).astype(np.float32)])

    def forget(self, key: int) -> None:
        """Takes an erased item out, trained or new."""
        self._takers.pop(key, None)
        self._learn()

    def neighbours(self, index: int, *, n: int) -> list[Neighbour]:
        """What the users of a new item took, most common first."""
        row = self._company[index - len(self._trained)]
        order = np.argsort(-row.data, kind="stable")[:n]
        ids = self._trained.ids
        return [Neighbour(ids[row.indices[at]], float(row.data[at])) for at in order]

    def _learn(self) -> None:
        ids = self._entities.ids("item", list(self._takers))
        fresh = [ids[key] for key in self._takers if key in ids]
        vocabulary = self._trained.extended(fresh)
        keys = vocabulary.keys[len(self._trained) :].tolist()
        takers = [list(self._takers[key]) for key in keys]
        self._company = self._keep_company(takers)
        self._users = np.array([len(users) for users in takers], dtype=np.float32)
        self._read(vocabulary.ids[len(self._trained) :])
        self.vocabulary = vocabulary

    def _read(self, ids: Sequence[str]) -> None:
        """What the new items are, for the bridge; a stated fallback where it cannot be read."""
        self._bridge, self.fallback = None, ""
        self._described = np.zeros(len(ids), dtype=np.bool_)
        content = self._recommender.content
        if content is None or not len(ids):
            return
        found = self._entities.get("item", ids)
        attributes = [found.get(item) or {} for item in ids]
        self._described = np.array([bool(a) for a in attributes], dtype=np.bool_)
        try:
            self._bridge = content.with_items(attributes, encoder=self._encoder())
        except ZhiyinError as error:
            self._described[:] = False
            self.fallback = f"new items are not read: {error.message}"

    def _keep_company(self, takers: list[list[int]]) -> csr_matrix:
        """For each new item the items of its users' histories, as shares that sum to 1."""
        rows: list[NDArray[np.int32]] = []
        columns: list[NDArray[np.int32]] = []
        values: list[NDArray[np.float32]] = []
        for row, users in enumerate(takers):
            company = [self._items_of(user) for user in users[:_NEIGHBOURS]]
            items = np.concatenate([np.empty(0, dtype=np.int32), *company])
            if not len(items):
                continue
            found, counts = np.unique(items, return_counts=True)
            rows.append(np.full(len(found), row, dtype=np.int32))
            columns.append(found)
            values.append((counts / counts.sum()).astype(np.float32))
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
