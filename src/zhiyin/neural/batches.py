"""Histories of unequal length as padded batches, in an order that a seed decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_POOL = 32
"""Batches whose sequences are sorted together: padding stays small, and order random."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Pieces of a flat array of events, one after another.

    Attributes:
        starts: First event of each window, int64 of shape (w,).
        lengths: Events of each window, int64 of shape (w,), all above 0.
    """

    starts: Rows
    lengths: Rows

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, rows: Rows) -> Windows:
        """Some of the windows."""
        return Windows(self.starts[rows], self.lengths[rows])


def last_windows(indptr: Rows, *, length: int, shortest: int = 1, most: int = 1) -> Windows:
    """The latest windows of each row, cut from the end.

    Args:
        indptr: Row pointers, shape (rows + 1,).
        length: Events of a window at most.
        shortest: Windows with fewer events are left out.
        most: Windows per row at most; the first reaches back from the row's last event, the
            second from where the first begins (that event is shared: it is the first's first
            input and the second's last target), and so on.
    """
    starts: list[Rows] = []
    lengths: list[Rows] = []
    first, stop = indptr[:-1], indptr[1:].copy()
    for _ in range(most):
        start = np.maximum(first, stop - length)
        keep = stop - start >= shortest
        if not keep.any():
            break
        starts.append(start[keep])
        lengths.append((stop - start)[keep])
        stop = np.where(start > first, start + 1, first)
    empty = np.empty(0, dtype=np.int64)
    return Windows(np.concatenate([empty, *starts]), np.concatenate([empty, *lengths]))


def bucketed(
    lengths: Rows, *, batch_size: int, batch_events: int, rng: np.random.Generator
) -> list[Rows]:
    """Batches of rows of like length, in random order.

    Rows are shuffled, sorted by length (stably) within pools of 32 batches, cut where a batch
    would hold more than ``batch_size`` rows or, padded, more than ``batch_events`` events,
    and the batches are shuffled. The same generator gives the same batches.

    Args:
        lengths: Events of each row, shape (w,).
        batch_size: Rows of a batch at most.
        batch_events: Padded events of a batch at most; a longer row is a batch of its own.
        rng: Decides the order.

    Returns:
        Row indices, batch by batch: each row in exactly one.
    """
    order = rng.permutation(len(lengths))
    batches: list[Rows] = []
    pool = _pool_size(lengths, batch_size, batch_events)
    for start in range(0, len(order), pool):
        rows = order[start : start + pool]
        rows = rows[np.argsort(lengths[rows], kind="stable")]
        batches += _cut(rows, lengths, batch_size, batch_events)
    return [batches[i] for i in rng.permutation(len(batches))]


def in_order(lengths: Rows, *, batch_size: int, batch_events: int) -> list[Rows]:
    """Batches of all rows sorted by length, shortest first: nothing random, least padding."""
    rows = np.argsort(lengths, kind="stable")
    return _cut(rows, lengths, batch_size, batch_events)


def padded(values: NDArray[Any], windows: Windows, *, fill: int = 0) -> NDArray[Any]:
    """Windows as the rows of a matrix, filled up on the right.

    Args:
        values: Flat array of events, shape (events,).
        windows: w windows of it.
        fill: What stands beyond the end of a window.

    Returns:
        Shape (w, longest window), of the dtype of ``values``.
    """
    width = int(windows.lengths.max(initial=0))
    steps = np.arange(width)
    inside = steps < windows.lengths[:, None]
    result = np.full(inside.shape, fill, dtype=values.dtype)
    result[inside] = values[(windows.starts[:, None] + steps)[inside]]
    return result


def _pool_size(lengths: Rows, batch_size: int, batch_events: int) -> int:
    mean = max(float(lengths.mean()), 1.0) if len(lengths) else 1.0
    return _POOL * max(1, min(batch_size, int(batch_events / mean)))


def _cut(rows: Rows, lengths: Rows, batch_size: int, batch_events: int) -> list[Rows]:
    """Cuts rows that are sorted by length, shortest first."""
    batches: list[Rows] = []
    start = 0
    for stop, length in enumerate(lengths[rows].tolist()):
        held = stop - start
        if held and (held == batch_size or (held + 1) * length > batch_events):
            batches.append(rows[start:stop])
            start = stop
    return [*batches, rows[start:]] if start < len(rows) else batches
