"""Trains the network of a sequence model: next item at every position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Histories
from zhiyin.core.progress import Progress
from zhiyin.core.protocols import Arrays
from zhiyin.models.sequence.base import SequenceConfig
from zhiyin.models.sequence.network import SequenceNetwork, served
from zhiyin.neural.batches import Rows, Windows, bucketed, in_order, last_windows, padded
from zhiyin.neural.devices import lower_precision, own_randomness
from zhiyin.neural.loop import Outcome, train
from zhiyin.neural.losses import next_item_loss

_HELD_SHARE = 5
"""At most one user in so many loses the last event to validation."""
_CUT = 10
"""Validation is NDCG at this."""


class NextItem:
    """The task of the training loop; see `zhiyin.neural.loop.Task`."""

    def __init__(
        self, module: SequenceNetwork, histories: Histories, config: SequenceConfig, seed: int
    ) -> None:
        self.module = module
        self._config = config
        self._seed = seed
        self._histories = histories
        held = _held_out(histories, config.held_out, np.random.default_rng([seed, 1]))
        stops = histories.indptr[1:].copy()
        stops[held] -= 1
        # Targets are the events after the inputs: a window holds one event more than is read.
        self._windows = _windows_until(histories.indptr, stops, config)
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
        items = self._tensor(padded(self._histories.items, self._windows.take(batch), fill=-1))
        inputs, targets = items[:, :-1].clamp(min=0), items[:, 1:]
        states = self.module.encode(self.module.items(inputs))
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
        items = self._tensor(padded(self._histories.items, window))
        states = self.module.encode(self.module.items(items))
        last = self._tensor(read - 1)
        scores = states[torch.arange(len(rows), device=last.device), last].float()
        scores = scores @ self.module.items.weight.T
        target = self._tensor(self._histories.items[stops])[:, None]
        wanted = scores.gather(1, target)
        seen = self._tensor(padded(self._histories.items, whole, fill=-1))
        seen = torch.where(seen < 0, seen[:, :1], seen)
        ahead = scores.scatter(1, seen, float("-inf")) >= wanted
        rank = ahead.scatter(1, target, False).sum(1)
        return torch.where(rank < _CUT, 1.0 / torch.log2(rank + 2.0), 0.0)

    def _tensor(self, array: np.ndarray[Any, Any]) -> Tensor:
        device = self.module.items.weight.device
        return torch.as_tensor(array.astype(np.int64), device=device)


def learn(
    build: Callable[[Any, int], SequenceNetwork],
    histories: Histories,
    config: SequenceConfig,
    *,
    seed: int,
    deadline: Deadline,
    checkpoint: Path | None,
    progress: Progress,
) -> tuple[Arrays, Outcome]:
    """Builds, trains and exports a network.

    Returns:
        The arrays of `zhiyin.models.sequence.network.served`, and how the training went.

    Raises:
        TrainingError: The loss became NaN at once, or the export differs.
    """
    with own_randomness(torch.device("cpu"), seed=seed):
        network = build(config, histories.n_items)
    task = NextItem(network, histories, config, seed)
    outcome = train(
        task, config.loop, seed=seed, deadline=deadline, checkpoint=checkpoint, progress=progress
    )
    network.cpu().eval()
    return served(network, config), outcome


def _held_out(histories: Histories, most: int, rng: np.random.Generator) -> Rows:
    """Users with three events or more whose last is held out, sorted."""
    able = np.flatnonzero(histories.lengths >= 3)
    n = min(most, len(able) // _HELD_SHARE)
    return np.sort(rng.choice(able, n, replace=False)).astype(np.int64)


def _windows_until(indptr: Rows, stops: Rows, config: SequenceConfig) -> Windows:
    """Training windows of each row's events before ``stops``."""
    # Rows as if each were two: what is read, and what is held out.
    bounds = np.append(np.stack([indptr[:-1], stops], axis=1).ravel(), indptr[-1])
    return last_windows(bounds, length=config.length + 1, shortest=2, most=config.windows)
