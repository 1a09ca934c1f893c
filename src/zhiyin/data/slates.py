"""Slates that were shown, in columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import ItemIndices, Milliseconds, RowPointers
from zhiyin.core.keys import id_keys
from zhiyin.core.protocols import Shown
from zhiyin.data.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, eq=False)
class Slates:
    """What users were shown, oldest slate first.

    Attributes:
        ids: Id of each slate.
        users: Index of the user it was made for, int32 of shape (slates,), -1 for nobody known.
        created: When, in milliseconds, int64 of shape (slates,).
        surfaces: Where.
        indptr: Row pointers, int64 of shape (slates + 1,).
        items: Item of each place, first place first, int32; -1 for one that is no more.
    """

    ids: list[str]
    users: NDArray[np.int32]
    created: Milliseconds
    surfaces: list[str]
    indptr: RowPointers
    items: ItemIndices

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Places of each slate, shape (slates,)."""
        return np.diff(self.indptr)

    def keep(self, mask: NDArray[np.bool_]) -> Slates:
        """Only some of the slates."""
        lengths = self.lengths
        kept = np.flatnonzero(mask).tolist()
        return Slates(
            [self.ids[at] for at in kept],
            self.users[mask],
            self.created[mask],
            [self.surfaces[at] for at in kept],
            np.concatenate([[0], np.cumsum(lengths[mask])]).astype(np.int64),
            self.items[np.repeat(mask, lengths)],
        )


def slates_of(shown: Iterable[Shown], *, users: Vocabulary, items: Vocabulary) -> Slates:
    """Slates as columns.

    Args:
        shown: In any order.
        users: Users by index.
        items: Items by index.
    """
    rows = sorted(shown, key=lambda each: each.created)
    places = [item for each in rows for item in each.item_ids]
    known = list(dict.fromkeys(places))
    found = dict(zip(known, items.locate(id_keys(known)).tolist(), strict=True))
    keys = np.array([each.user_key or 0 for each in rows], dtype=np.int64)
    told = np.array([each.user_key is not None for each in rows], dtype=np.bool_)
    lengths = np.array([len(each.item_ids) for each in rows], dtype=np.int64)
    return Slates(
        [each.slate_id for each in rows],
        np.where(told, users.locate(keys), -1).astype(np.int32),
        np.array([each.created for each in rows], dtype=np.int64),
        [each.surface for each in rows],
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.array([found[item] for item in places], dtype=np.int32),
    )
