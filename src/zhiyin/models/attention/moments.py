"""Moments of histories from which a held-back item is to be named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zhiyin.core.histories import Histories
from zhiyin.neural.batches import Rows, Windows

_HELD_SHARE = 5
"""At most one user in so many loses an event to validation."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What is read, and what is to be named.

    Attributes:
        windows: The events that are read, shape (m,). Without order the one to be named is
            among them, and is passed over.
        targets: The event to be named, int64 of shape (m,).
    """

    windows: Windows
    targets: Rows

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: Rows) -> Moments:
        """Some of the moments."""
        return Moments(self.windows.take(rows), self.targets[rows])


def shuffled_sets(histories: Histories, rng: np.random.Generator) -> Histories:
    """Histories without order, each in a random one; ordered ones as they are.

    So a run of neighbours is a random sample of the set, and the last is any of it.
    """
    if histories.ordered:
        return histories
    order = np.lexsort((rng.random(len(histories.items)), histories.rows))
    weights, items = histories.weights[order], histories.items[order]
    return Histories(histories.indptr, items, weights, histories.n_items, ordered=False)


def held_out(histories: Histories, most: int, rng: np.random.Generator) -> Rows:
    """Users with three events or more whose last is held out, sorted."""
    able = np.flatnonzero(histories.lengths >= 3)
    n = min(most, len(able) // _HELD_SHARE)
    return np.sort(rng.choice(able, n, replace=False)).astype(np.int64)


def drawn_moments(
    firsts: Rows,
    stops: Rows,
    *,
    cuts: int,
    length: int,
    ordered: bool,
    rng: np.random.Generator,
) -> Moments:
    """Random moments of every row that has two events or more.

    With order an event is to be named from those before it; without, an event from the
    others of its row.

    Args:
        firsts: First event of each row, shape (rows,).
        stops: One after the last event of each row, shape (rows,).
        cuts: Moments of a row, at most; never more than its events less one.
        length: Events that are read at most.
        ordered: Whether the order inside a row means time.
        rng: Draws the moments.
    """
    sizes = stops - firsts
    rows = np.repeat(np.arange(len(sizes)), np.clip(sizes - 1, 0, cuts))
    first, stop, size = firsts[rows], stops[rows], sizes[rows]
    if ordered:
        targets = first + rng.integers(1, size)
        starts = np.maximum(first, targets - length)
        return Moments(Windows(starts, targets - starts), targets)
    targets = first + rng.integers(0, size)
    latest = np.maximum(first, stop - length - 1)
    starts = np.clip(targets - rng.integers(0, length + 1, len(rows)), first, latest)
    return Moments(Windows(starts, np.minimum(size, length + 1)), targets)


def last_moments(firsts: Rows, stops: Rows, *, length: int) -> Moments:
    """The last event of each row, from those before it."""
    targets = stops - 1
    starts = np.maximum(firsts, targets - length)
    return Moments(Windows(starts, targets - starts), targets)
