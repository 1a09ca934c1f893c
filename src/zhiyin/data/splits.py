"""Who is learnt from and who is tested on: one label per event, and folds of histories.

Every function takes flat columns: ``users`` and ``items`` are codes in the order of the
sorted ids, so that a draw does not depend on the order of a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Histories

Labels = NDArray[np.int8]
Codes = NDArray[np.integer]
Mask = NDArray[np.bool_]
Rule = Literal["last", "share", "time", "cold"]

_NOTHING = np.empty(0, dtype=np.int64)

TRAIN, VALID, TEST = np.int8(0), np.int8(1), np.int8(2)
SHARE = 0.2
"""Part of a user's events, and of the items, that random splits hold out."""
LATEST = 0.1
"""Part of all events that a split in time holds out."""


def leave_one_out(
    users: Codes, order: NDArray[np.int64] | None = None, *, at_least: int = 3
) -> Labels:
    """The last event of each user is TEST, the second last VALID, the rest TRAIN.

    Args:
        users: User of each event, shape (events,).
        order: What came first within a user; None for the order of the rows. Ties keep
            the order of the rows.
        at_least: Users with fewer events only train.
    """
    sort = np.argsort(users, kind="stable") if order is None else np.lexsort((order, users))
    counts = np.bincount(users)
    ends = np.cumsum(counts)[counts >= at_least]
    labels = np.full(len(users), TRAIN)
    labels[sort[ends - 1]] = TEST
    labels[sort[ends - 2]] = VALID
    return labels


def random_split(
    users: Codes, *, rng: np.random.Generator, share: float = SHARE, among: Mask | None = None
) -> Labels:
    """Of each user's events a random part is TEST.

    Users in sorted order; each user's n rows are permuted and the first round(share n)
    taken.

    Args:
        users: User of each event, shape (events,), in the order of the rows.
        rng: Source of the permutations.
        share: Part held out.
        among: Events that may be held out; None for all. Only these are permuted.
    """
    rows = np.arange(len(users)) if among is None else np.flatnonzero(among)
    rows = rows[np.argsort(users[rows], kind="stable")]
    labels = np.full(len(users), TRAIN)
    start = 0
    for n in np.bincount(users[rows]).tolist():
        picked = rng.permutation(n)[: round(share * n)] if n else _NOTHING
        labels[rows[start + picked]] = TEST
        start += n
    return labels


def cold_items(
    users: Codes, items: Codes, *, rng: np.random.Generator, share: float = SHARE
) -> tuple[Labels, Mask]:
    """All events of a random part of the items, and a part of each user's others, are TEST.

    Returns:
        The labels, and which items are cold: bool of shape (largest item code + 1,).
    """
    present = np.unique(items)
    cold = np.zeros(int(present[-1]) + 1 if len(present) else 0, dtype=np.bool_)
    cold[rng.permutation(present)[: round(share * len(present))]] = True
    held = cold[items]
    labels = random_split(users, rng=rng, share=share, among=~held)
    labels[held] = TEST
    return labels, cold


def temporal(times: NDArray[np.int64], *, share: float = LATEST) -> Labels:
    """The newest events of all are TEST; events of the same moment stay together.

    Args:
        times: When, shape (events,).
        share: Part held out, at most.
    """
    if not len(times):
        return np.full(0, TRAIN)
    place = max(0, int(np.ceil((1 - share) * len(times))) - 1)
    cut = np.partition(times, place)[place]
    return np.where(times > cut, TEST, TRAIN)


def validation_mask(histories: Histories, *, rule: Rule | None = None, seed: int) -> Mask:
    """Which training events to hold out for choosing among models.

    Args:
        histories: The training events.
        rule: "last": the last event of every user with at least two; "share": a random
            part of each user's; "time": the newest of all; "cold": all of some items, and
            a part of the others. None takes "last" where order means time, else "share".
        seed: Seed of the draws.

    Returns:
        bool of shape (events,). Deterministic.
    """
    rng = np.random.default_rng(seed)
    rows = histories.rows
    chosen = rule or ("last" if histories.ordered else "share")
    if chosen == "time" and histories.times is not None:
        return temporal(histories.times) == TEST
    if chosen == "cold":
        return cold_items(rows, histories.items, rng=rng)[0] == TEST
    if chosen == "share":
        return random_split(rows, rng=rng) == TEST
    return leave_one_out(rows, at_least=2) == TEST


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One division of histories.

    Attributes:
        train: Events to learn from, and to query with.
        test: Events to find, over the same rows: none twice in a row, none that the row
            has in ``train``.
        seen: Held-out events left out because the row has their item in ``train``.
        repeated: Held-out events left out because the row has their item in ``test``.
        held: What was divided by, bool of shape (events,).
    """

    train: Histories
    test: Histories
    seen: int
    repeated: int
    held: Mask


def fold(histories: Histories, held_out: Mask) -> Fold:
    """Divides histories by a mask of shape (events,)."""
    train, test = histories.where(~held_out), histories.where(held_out)
    width = np.int64(max(1, histories.n_items))
    keys = test.rows * width + test.items
    fresh = ~np.isin(keys, train.rows * width + train.items)
    first = np.zeros(len(keys), dtype=np.bool_)
    first[np.unique(keys, return_index=True)[1]] = True
    return Fold(
        train,
        test.where(fresh & first),
        seen=int((~fresh).sum()),
        repeated=int((fresh & ~first).sum()),
        held=held_out,
    )
