"""What the network of a sequence model is trained to do: next item at every position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zhiyin.core.histories import Histories
from zhiyin.models.sequence.config import SequenceConfig
from zhiyin.models.sequence.network import SequenceNetwork
from zhiyin.neural.batches import Rows, Windows, bucketed, in_order, last_windows, padded
from zhiyin.neural.devices import lower_precision
from zhiyin.neural.losses import next_item_loss

_CUT = 10
"""Validation is NDCG at this."""


class NextItem:
    """The task of the training loop; see `zhiyin.neural.loop.Task`."""

    def __init__(
        self,
        module: SequenceNetwork,
        histories: Histories,
        config: SequenceConfig,
        seed: int,
        *,
        held: Rows,
        fresh: NDArray[np.bool_] | None = None,
    ) -> None:
        self.module = module
        self._config = config
        self._seed = seed
        self._histories = histories
        self._seconds = _seconds(histories) if module.reads_times else None
        stops = histories.indptr[1:].copy()
        stops[held] -= 1
        # Targets are the events after the inputs: a window holds one event more than is read.
        self._windows = _windows_until(histories.indptr, stops, config)
        if fresh is not None:
            self._windows = _with_any(self._windows, fresh)
        self._held = Windows(histories.indptr[held], stops[held] - histories.indptr[held])

    def batches(self, epoch: int) -> Sequence[Rows]:
        """Length-bucketed batches of windows, in an order of the seed and the epoch."""
        config = self._config
        return bucketed(
            self._windows.lengths - 1,
            batch_size=config.batch_size,
            batch_events=config.batch_events,
            rng=np.random.default_rng([self._seed, 2, epoch]),
        )

    def loss(self, batch: Rows) -> Tensor:
        """Mean cross-entropy of the next item over all positions of the batch."""
        windows = self._windows.take(batch)
        items = self._tensor(padded(self._histories.items, windows, fill=-1))
        inputs, targets = items[:, :-1].clamp(min=0), items[:, 1:]
        states = self.module.encode(self.module.items(inputs), self._times(windows, stop=-1))
        there = targets >= 0
        table = self.module.items.weight
        return next_item_loss(
            states[there],
            table,
            targets[there],
            negatives=self._config.negatives,
            lower=lower_precision(self._config.loop, table.device),
        )

    def samples(self, batch: Rows) -> int:
        """Sequences in the batch."""
        return len(batch)

    def lengths(self, batch: Rows) -> Rows:
        """Events to name in each sequence of the batch."""
        return self._windows.lengths[batch] - 1

    def validate(self) -> float | None:
        """NDCG@10 of the held-out last items among all that their users do not have."""
        if not len(self._held):
            return None
        sizes = {"batch_size": self._config.batch_size, "batch_events": 4096}
        found = [self._gain(rows) for rows in in_order(self._held.lengths, **sizes)]
        return float(torch.cat(found).mean())

    def _gain(self, rows: Rows) -> Tensor:
        whole = self._held.take(rows)
        read = np.minimum(whole.lengths, self._config.length)
        stops = whole.starts + whole.lengths
        window = Windows(stops - read, read)
        vectors = self.module.items(self._tensor(padded(self._histories.items, window)))
        last = self.module.last(vectors, self._tensor(read - 1), self._times(window))
        scores = last.float() @ self.module.items.weight.T
        target = self._tensor(self._histories.items[stops])[:, None]
        wanted = scores.gather(1, target)
        seen = self._tensor(padded(self._histories.items, whole, fill=-1))
        seen = torch.where(seen < 0, seen[:, :1], seen)
        ahead = scores.scatter(1, seen, float("-inf")) >= wanted
        rank = ahead.scatter(1, target, False).sum(1)
        return torch.where(rank < _CUT, 1.0 / torch.log2(rank + 2.0), 0.0)

    def _times(self, windows: Windows, *, stop: int | None = None) -> Tensor | None:
        if self._seconds is None:
            return None
        return self._tensor(padded(self._seconds, windows)[:, :stop])

    def _tensor(self, array: np.ndarray[Any, Any]) -> Tensor:
        device = self.module.items.weight.device
        return torch.as_tensor(array.astype(np.int64), device=device)


def _seconds(histories: Histories) -> Rows:
    """When each event was; zeros where nobody knows."""
    if histories.times is None:
        return np.zeros(len(histories.items), dtype=np.int64)
    return histories.times // 1000


def _with_any(windows: Windows, fresh: NDArray[np.bool_]) -> Windows:
    """The windows that hold a fresh event behind their first."""
    before = np.concatenate([[0], np.cumsum(fresh)])
    stops = windows.starts + windows.lengths
    return windows.take(np.flatnonzero(before[stops] > before[windows.starts + 1]))


def _windows_until(indptr: Rows, stops: Rows, config: SequenceConfig) -> Windows:
    """Training windows of each row's events before ``stops``."""
    # Rows as if each were two: what is read, and what is held out.
    bounds = np.append(np.stack([indptr[:-1], stops], axis=1).ravel(), indptr[-1])
    return last_windows(bounds, length=config.length + 1, shortest=2, most=config.windows)
