"""Trains a network of this family: one event named from the others, again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.progress import Progress
from zhiyin.core.protocols import Arrays
from zhiyin.models.attention.config import AttentionConfig
from zhiyin.models.attention.moments import (
    Moments,
    drawn_moments,
    held_out,
    last_moments,
    shuffled_sets,
)
from zhiyin.models.attention.networks import AttentionNetwork, Read
from zhiyin.neural.batches import Rows, Windows, bucketed, in_order, padded
from zhiyin.neural.devices import lower_precision, own_randomness
from zhiyin.neural.loop import Outcome, train

_CUT = 10
"""Validation is NDCG at this."""


class NamedFromOthers:
    """The task of the training loop; see `zhiyin.neural.loop.Task`."""

    def __init__(
        self,
        module: AttentionNetwork,
        histories: Histories,
        held: Rows,
        config: AttentionConfig,
        seed: int,
    ) -> None:
        self.module = module
        self._histories = histories
        self._config = config
        self._seed = seed
        self._firsts = histories.indptr[:-1]
        self._stops = histories.indptr[1:].copy()
        self._held = last_moments(self._firsts[held], self._stops[held], length=config.length)
        self._held_firsts = self._firsts[held]
        self._stops[held] -= 1

    def batches(self, epoch: int) -> Sequence[Moments]:
        """Moments drawn anew for each epoch, in batches of like length."""
        config, rng = self._config, np.random.default_rng([self._seed, 2, epoch])
        moments = drawn_moments(
            self._firsts,
            self._stops,
            cuts=config.cuts,
            length=config.length,
            ordered=self._histories.ordered,
            rng=rng,
        )
        rows = bucketed(moments.windows.lengths, **self._sizes(), rng=rng)
        return [moments.take(each) for each in rows]

    def loss(self, batch: Moments) -> Tensor:
        """Mean cross-entropy of the items to be named, and the penalty of the bias."""
        targets = self._tensor(self._histories.items[batch.targets].astype(np.int64))
        lower = lower_precision(self._config.loop, targets.device)
        return self.module.loss(self._read(batch), targets, lower=lower)

    def samples(self, batch: Moments) -> int:
        """Moments in the batch."""
        return len(batch)

    def validate(self) -> float | None:
        """NDCG@10 of the held-out items among all that their users do not have."""
        if not len(self._held):
            return None
        rows = in_order(self._held.windows.lengths, **self._sizes())
        return float(torch.cat([self._gain(each) for each in rows]).mean())

    def _gain(self, rows: Rows) -> Tensor:
        moments, items = self._held.take(rows), self._histories.items
        scores = self.module.scores(self._read(moments)).float()
        target = self._tensor(items[moments.targets].astype(np.int64))[:, None]
        ahead = scores >= scores.gather(1, target)
        firsts = self._held_firsts[rows]
        seen = padded(items, Windows(firsts, moments.targets - firsts), fill=-1)
        seen = np.where(seen < 0, seen[:, :1], seen).astype(np.int64)
        ahead = ahead.scatter(1, self._tensor(seen), False)
        rank = ahead.scatter(1, target, False).sum(1)
        return torch.where(rank < _CUT, 1.0 / torch.log2(rank + 2.0), 0.0)

    def _read(self, moments: Moments) -> Read:
        """The events of some moments, padded."""
        histories, windows = self._histories, moments.windows
        items = padded(histories.items, windows).astype(np.int64)
        weights = padded(histories.weights, windows)
        ages = np.zeros(items.shape, dtype=np.float32)
        if not histories.ordered:
            weights[items == histories.items[moments.targets][:, None]] = 0.0
            return Read(self._tensor(items), self._tensor(weights), self._tensor(ages), None)
        steps: Rows = np.arange(int(windows.lengths.max(initial=0)), dtype=np.int64)
        later: Rows = windows.lengths[:, None] - 1 - steps
        ages = np.maximum(later, 0).astype(np.float32)
        last = histories.items[windows.starts + windows.lengths - 1].astype(np.int64)
        arrays = (items, weights, ages, last)
        return Read(*(self._tensor(array) for array in arrays))

    def _sizes(self) -> dict[str, int]:
        size = self._config.batch_size
        return {"batch_size": size, "batch_events": size * (self._config.length + 1)}

    def _tensor(self, array: np.ndarray[Any, Any]) -> Tensor:
        return torch.as_tensor(array, device=self.module.bias.device)


def learn(
    build: Callable[..., AttentionNetwork],
    contents: Floats,
    start: Floats,
    histories: Histories,
    config: AttentionConfig,
    *,
    seed: int,
    deadline: Deadline,
    checkpoint: Path | None,
    progress: Progress,
) -> tuple[Arrays, Outcome]:
    """Builds and trains a network over items that all have events.

    Args:
        build: The network's class.
        contents: Of the n items, shape (n, d).
        start: First projection, shape (dim, d).
        histories: Over these items, without negative feedback.
        config: Hyperparameters.
        seed: Of every draw.
        deadline: Of the training.
        checkpoint: File that keeps an interrupted training.
        progress: Told every epoch.

    Returns:
        The parameters by name, and how the training went.

    Raises:
        TrainingError: The loss became NaN at once.
    """
    histories = shuffled_sets(histories, np.random.default_rng([seed, 3]))
    held = held_out(histories, config.held_out, np.random.default_rng([seed, 1]))
    kept = np.delete(histories.items, histories.indptr[1:][held] - 1)
    counts = np.bincount(kept, minlength=histories.n_items)
    # What a bias alone would learn: the items' shares of all events.
    bias = np.log1p(counts).astype(np.float32)
    bias -= bias.mean() if len(bias) else 0.0
    arrays = (contents, start, bias)
    with own_randomness(torch.device("cpu"), seed=seed):
        network = build(*(torch.as_tensor(array) for array in arrays), config)
    task = NamedFromOthers(network, histories, held, config, seed)
    outcome = train(
        task, config.loop, seed=seed, deadline=deadline, checkpoint=checkpoint, progress=progress
    )
    network.cpu().eval()
    return {name: each.detach().numpy() for name, each in network.named_parameters()}, outcome
