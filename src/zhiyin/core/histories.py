"""Columnar behaviour: many users' histories in three flat arrays.

The same shape serves training (every user of the log) and querying (one user, or a
batch), so that a model sees the same thing in both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.float32]
ItemIndices = NDArray[np.int32]
RowPointers = NDArray[np.int64]
Milliseconds = NDArray[np.int64]

_NEGLIGIBLE = 6.0
"""An event faded to exp(-6) of the newest is left out: of ml-1m's top 20 it changes 6 in 10,000."""
_TINY = 1e-12
_INT32 = 2**31


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """Histories of q users over a catalogue of ``n_items`` items, oldest event first.

    Attributes:
        indptr: Row pointers, int64 of shape (q + 1,).
        items: Item indices, int32 of shape (events,).
        weights: What each event says of the item, float32 of shape (events,): above 0
            for liking, below 0 for disliking.
        n_items: Size of the catalogue.
        times: When, int64 of shape (events,), or None where unknown. The unit is
            milliseconds for timestamps.
        ordered: Whether the order inside a row means time. Decays by position are
            ignored where it does not.
    """

    indptr: RowPointers
    items: ItemIndices
    weights: Floats
    n_items: int
    times: Milliseconds | None = None
    ordered: bool = True

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Events per row, shape (q,)."""
        return np.diff(self.indptr)

    @property
    def rows(self) -> NDArray[np.int64]:
        """The row of each event, shape (events,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @property
    def from_end(self) -> NDArray[np.int64]:
        """How many events of the same row come later, shape (events,); the last has 0."""
        ends = np.repeat(self.indptr[1:], self.lengths)
        return ends - 1 - np.arange(len(self.items))

    def take(self, rows: NDArray[np.integer]) -> Histories:
        """The histories of some rows, in the order asked for."""
        if len(rows) == 1 and rows[0] >= 0:  # a single query, without the arithmetic
            start, stop = self.indptr[rows[0]], self.indptr[rows[0] + 1]
            return self._pick(slice(start, stop), np.array([0, stop - start], dtype=np.int64))
        lengths = self.lengths[rows]
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        shift: NDArray[np.int64] = np.repeat(self.indptr[:-1][rows] - indptr[:-1], lengths)
        picked = shift + np.arange(int(indptr[-1]), dtype=np.int64)
        return self._pick(picked, indptr)

    def where(self, keep: NDArray[np.bool_]) -> Histories:
        """The same rows with only the events where ``keep`` (shape (events,)) is true."""
        kept = np.concatenate([[0], np.cumsum(keep)])
        return self._pick(np.flatnonzero(keep), kept[self.indptr].astype(np.int64))

    def recent(self, n: int) -> Histories:
        """Only the last ``n`` events of each row."""
        if len(self.items) <= n:
            return self
        if len(self) == 1:
            start = int(self.indptr[1]) - n
            last = np.arange(max(start, int(self.indptr[0])), int(self.indptr[1]))
            return self._pick(last, np.array([0, len(last)], dtype=np.int64))
        return self.where(self.from_end < n)

    def positive(self) -> Histories:
        """Without negative feedback."""
        keep = self.weights > 0
        return self if bool(keep.all()) else self.where(keep)

    def liked(self) -> csr_matrix:
        """Who liked what: ones, float32 of shape (q, n_items)."""
        matrix = self.positive().matrix()
        matrix.data = np.ones_like(matrix.data)
        return matrix

    def resized(self, n_items: int) -> Histories:
        """Seen over another size of catalogue; events on items beyond it are dropped."""
        if n_items < self.n_items and len(self.items) and int(self.items.max()) >= n_items:
            kept = self.where(self.items < n_items)
        else:
            kept = self
        return Histories(kept.indptr, kept.items, kept.weights, n_items, kept.times, kept.ordered)

    def matrix(self, *, decay: float | None = None, power: float = 1.0) -> csr_matrix:
        """Rows as a sparse matrix of shape (q, n_items), float32.

        Args:
            decay: Events lose weight as ``exp(-position from the end / decay)``; None
                leaves them alike. Without order it does nothing.
            power: Each row is divided by (sum of its weights) ** (1 - power); 1 leaves
                rows as they are, 0 makes them sum to 1.

        Returns:
            Of a repeated (row, item) the value largest in size stays, of equals the latest:
            a film watched ten times is not ten films, and who liked it and then disliked it
            dislikes it. Columns are sorted.
        """
        indptr, items, values = self.distinct(decay=decay)
        if len(items) < _INT32:  # scipy is quicker where both indices are alike
            indptr = indptr.astype(np.int32)
        result = csr_matrix((values, items, indptr), shape=(len(self), self.n_items))
        result.has_sorted_indices = True
        if power != 1.0:
            rows: NDArray[np.int64] = np.repeat(np.arange(len(self)), np.diff(result.indptr))
            sums = np.bincount(rows, np.abs(result.data), minlength=len(self))
            scale: Floats = (np.maximum(sums, _TINY) ** (power - 1.0)).astype(np.float32)
            result.data *= scale[rows]
        return result

    def distinct(self, *, decay: float | None = None) -> tuple[RowPointers, ItemIndices, Floats]:
        """What `matrix` is made of: row pointers, sorted columns and (decayed) values."""
        source, values = self, self.weights
        if decay is not None and self.ordered:
            source = self.recent(math.ceil(_NEGLIGIBLE * decay))
            values = source.weights * np.exp(-source.from_end / decay).astype(np.float32)
        keys = source.items
        if len(source) > 1:
            keys = keys + source.rows * np.int64(source.n_items)
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        indptr = source.indptr
        if np.any(ordered[1:] == ordered[:-1]):
            order = np.lexsort((-np.arange(len(keys)), -np.abs(values), keys))
            first = np.ones(len(keys), dtype=np.bool_)
            first[1:] = keys[order[1:]] != keys[order[:-1]]
            kept = np.concatenate([[0], np.cumsum(first)])
            indptr, order = kept[indptr], order[first]
        return indptr, source.items[order], values[order].astype(np.float32, copy=False)

    def _pick(self, picked: NDArray[np.int64] | slice, indptr: RowPointers) -> Histories:
        return Histories(
            indptr,
            self.items[picked],
            self.weights[picked],
            self.n_items,
            None if self.times is None else self.times[picked],
            self.ordered,
        )


def empty_histories(q: int, n_items: int) -> Histories:
    """Histories of q users who have done nothing."""
    return Histories(
        np.zeros(q + 1, dtype=np.int64),
        np.empty(0, dtype=np.int32),
        np.empty(0, dtype=np.float32),
        n_items,
    )


def by_user(
    users: NDArray[np.integer], order: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Where each event of the histories of flat columns stood among the columns' rows.

    Args:
        users: User index per event, shape (events,).
        order: Sort key within a user; None for the order of the rows.
    """
    if order is None:
        return np.argsort(users, kind="stable")
    return np.lexsort((order, users))


def histories_from_columns(
    users: NDArray[np.integer],
    items: NDArray[np.integer],
    weights: NDArray[np.floating],
    *,
    n_users: int,
    n_items: int,
    order: NDArray[np.int64] | None = None,
    order_is_time: bool = False,
) -> Histories:
    """Groups flat columns by user, stably.

    Args:
        users: User index per event, shape (events,), within 0..n_users-1.
        items: Item index per event, shape (events,).
        weights: Weight per event, shape (events,).
        n_users: Number of rows of the result.
        n_items: Size of the catalogue.
        order: Sort key within a user (timestamps, positions), or None to keep row order
            and treat it as meaningless.
        order_is_time: Whether ``order`` holds milliseconds, to be kept as ``times``.
    """
    sort = by_user(users, order)
    counts = np.bincount(users, minlength=n_users)
    return Histories(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        items[sort].astype(np.int32),
        weights[sort].astype(np.float32),
        n_items,
        order[sort] if order is not None and order_is_time else None,
        ordered=order is not None,
    )
