"""Fine-tuning: of a query's candidates the good ones are to score highest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats
from zhiyin.core.progress import Progress
from zhiyin.neural.batches import in_order
from zhiyin.neural.devices import own_randomness
from zhiyin.neural.loop import Outcome, train
from zhiyin.neural.settings import LoopConfig
from zhiyin.ranking.cross_encoder.backbones import Backbone
from zhiyin.ranking.cross_encoder.config import CrossEncoderConfig
from zhiyin.ranking.cross_encoder.network import PairNetwork
from zhiyin.ranking.cross_encoder.pairs import JudgedPairs
from zhiyin.ranking.cross_encoder.reading import Pair, Reader, joined, padded_pairs
from zhiyin.ranking.graded import graded_ndcg

_torch: Any = torch
_functional: Any = torch.nn.functional
_CUT = 10
"""Validation is NDCG at this."""
_LEVEL = 4.0
_AT_ONCE = 32
_TOKENS_AT_ONCE = 4096

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class GroupBatch:
    """Candidates of several queries.

    Attributes:
        rows: Row of each candidate, queries one after the other, shape (r,).
        sizes: Candidates of each query, int64 of shape (q,).
    """

    rows: Rows
    sizes: Rows


def listwise_loss(scores: Tensor, labels: Tensor, sizes: Sequence[int]) -> Tensor:
    """Mean over queries of -sum p log softmax(scores), p the labels as shares of their sum.

    With one label above 0 it is the cross-entropy of naming that candidate; with a
    teacher's probabilities it is ListNet's loss (Cao et al., ICML 2007).

    Args:
        scores: Shape (r,), queries one after the other.
        labels: Shape (r,), not below 0, some above 0 in each query.
        sizes: Candidates of each query, summing to r.

    Returns:
        A scalar.
    """
    said: Sequence[Tensor] = _torch.split(scores, list(sizes))
    wanted: Sequence[Tensor] = _torch.split(labels, list(sizes))
    parts = zip(said, wanted, strict=True)
    losses = [-(p / p.sum() * _functional.log_softmax(s, dim=0)).sum() for s, p in parts]
    return torch.stack(losses).mean()


def read_pairs(reader: Reader, pairs: JudgedPairs, config: CrossEncoderConfig) -> list[Pair]:
    """The pieces of all rows; each text is read once."""
    place = {text: i for i, text in enumerate(dict.fromkeys(pairs.texts))}
    items, queries = reader.pieces(list(place)), reader.pieces(pairs.queries)
    asked = np.repeat(np.arange(len(pairs)), np.diff(pairs.indptr)).tolist()
    limits = {"max_tokens": config.max_tokens, "max_query": config.max_query}
    return [
        joined(reader, queries[q], items[place[text]], **limits)
        for q, text in zip(asked, pairs.texts, strict=True)
    ]


class AnswerTask:
    """The task of the training loop; see `zhiyin.neural.loop.Task`."""

    def __init__(
        self,
        module: PairNetwork,
        reader: Reader,
        pairs: JudgedPairs,
        validation: JudgedPairs | None,
        config: CrossEncoderConfig,
        seed: int,
    ) -> None:
        self.module = module
        self._reader, self._pairs, self._held = reader, pairs, validation
        self._config, self._seed = config, seed
        self._queries = pairs.teaching()
        self.read = read_pairs(reader, pairs, config)
        self._held_read = [] if validation is None else read_pairs(reader, validation, config)

    def batches(self, epoch: int) -> Sequence[GroupBatch]:
        """Every query once, with a good candidate and others drawn anew for each epoch."""
        rng = np.random.default_rng([self._seed, 2, epoch])
        order: list[int] = rng.permutation(self._queries).tolist()
        step = self._config.groups_per_batch
        parts = [order[i : i + step] for i in range(0, len(order), step)]
        return [self._drawn(part, rng) for part in parts]

    def _drawn(self, queries: list[int], rng: np.random.Generator) -> GroupBatch:
        rows = [self._group(query, rng) for query in queries]
        sizes = np.array([len(each) for each in rows], dtype=np.int64)
        return GroupBatch(np.concatenate(rows), sizes)

    def _group(self, query: int, rng: np.random.Generator) -> Rows:
        part = self._pairs.rows_of(query)
        rows = np.arange(part.start, part.stop, dtype=np.int64)
        labels = self._pairs.labels[rows].astype(np.float64)
        good = int(rng.choice(len(rows), p=labels / labels.sum()))
        others = rng.permutation(np.delete(rows, good))[: self._config.group - 1]
        return np.concatenate([[rows[good]], others]).astype(np.int64)

    def loss(self, batch: GroupBatch) -> Tensor:
        """See `listwise_loss`."""
        scores = self._scores(_at(self.read, batch.rows))
        labels = torch.as_tensor(self._pairs.labels[batch.rows], device=scores.device)
        return listwise_loss(scores, labels, batch.sizes.tolist())

    def samples(self, batch: GroupBatch) -> int:
        """Pairs in the batch."""
        return len(batch.rows)

    def validate(self) -> float | None:
        """NDCG@10 over all candidates of the held-out queries, mean over the queries."""
        if self._held is None or not len(self._held.teaching()):
            return None
        scores = self.score_all(self._held_read)
        gains = graded_ndcg(scores, self._held.labels, self._held.indptr, k=_CUT, gain="linear")
        return float(np.nanmean(gains))

    def score_all(self, pairs: Sequence[Pair]) -> Floats:
        """Scores of many pairs, shape (n,)."""
        lengths = np.array([len(ids) for ids, _ in pairs], dtype=np.int64)
        result = np.zeros(len(pairs), dtype=np.float32)
        with torch.no_grad():
            for rows in in_order(lengths, batch_size=_AT_ONCE, batch_events=_TOKENS_AT_ONCE):
                scores = self._scores(_at(pairs, rows))
                result[rows] = scores.float().cpu().numpy()
        return result

    def _scores(self, pairs: Sequence[Pair]) -> Tensor:
        batch = padded_pairs(pairs, two_segments=self._reader.two_segments)
        device = self.module.places.device
        arrays = (self._reader.vectors(batch.ids), batch.segments, batch.mask)
        with _torch.autocast("cpu", torch.bfloat16, enabled=_narrow(self._config.loop, device)):
            return self.module(*(torch.as_tensor(array, device=device) for array in arrays))


def _at(pairs: Sequence[Pair], rows: Rows) -> list[Pair]:
    chosen: list[int] = rows.tolist()
    return [pairs[row] for row in chosen]


def _level(task: AnswerTask, network: PairNetwork) -> None:
    """Scales the head so that scores begin near 4: the states of some backbones are short."""
    first = _at(task.read, task.batches(0)[0].rows)
    mean = float(task.score_all(first).mean())
    with torch.no_grad():
        network.head.weight.mul_((_LEVEL / max(mean, 1e-6)) ** 0.5)


def _narrow(settings: LoopConfig, device: torch.device) -> bool:
    """Whether a CPU's products take bfloat16: these layers are wide enough to gain by it.

    On the processors whose matrix unit "auto" looks for, a step takes half the time.
    """
    if device.type != "cpu" or settings.precision == "float32":
        return False
    amx: Any = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return settings.precision == "bfloat16" or bool(amx is not None and amx())


def learn(
    backbone: Backbone,
    pairs: JudgedPairs,
    validation: JudgedPairs | None,
    config: CrossEncoderConfig,
    *,
    seed: int,
    deadline: Deadline,
    progress: Progress,
) -> tuple[PairNetwork, Outcome]:
    """Builds a network over a backbone and fine-tunes it.

    Args:
        backbone: Where the weights begin.
        pairs: What it learns from.
        validation: Later queries; where there are some, the epoch that orders them best is kept.
        config: Hyperparameters.
        seed: Of the head's first weights, of order and of the candidates drawn.
        deadline: Training ends in time for a last validation.
        progress: Told every epoch.

    Returns:
        The network on the CPU, and how the training went.

    Raises:
        TrainingError: The loss became NaN before any epoch was done.
    """
    with own_randomness(torch.device("cpu"), seed=seed):
        network = PairNetwork(
            backbone, rank=config.rank, longest=config.max_tokens, frozen=config.frozen
        )
    task = AnswerTask(network, backbone.reader, pairs, validation, config, seed)
    _level(task, network)
    outcome = train(task, config.loop, seed=seed, deadline=deadline, progress=progress)
    return network.cpu().eval(), outcome
