"""What every neural sequence model does around its network. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.errors import ArtifactError
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.progress import Progress, silent
from zhiyin.core.protocols import Arrays
from zhiyin.neural.batches import in_order, last_windows, padded
from zhiyin.neural.extra import load_neural
from zhiyin.neural.memory import check_memory, free_bytes
from zhiyin.neural.settings import LoopConfig

_QUERY_EVENTS = 4096
"""Padded events of a batch at serving: states of some MB, whatever the number of queries."""
_TINY = 1e-12


class SequenceConfig(Config):
    """Hyperparameters that all sequence models have."""

    dim: int = Field(default=64, ge=1)
    """Size of item vectors and of states."""
    length: int = Field(default=200, ge=1)
    """Events of a history that are read: the latest."""
    dropout: float = Field(default=0.2, ge=0, lt=1)
    """Share of activations hidden in training: about 0.2 for dense data, 0.5 for sparse."""
    negatives: int | None = Field(default=None, ge=0)
    """Items that the loss compares with, shared by a batch; 0: all; None: all of up to 50,000
    items, else 4,096."""
    windows: int = Field(default=1, ge=1)
    """Windows of ``length`` events taken from each history, latest first."""
    batch_size: int = Field(default=128, ge=1)
    """Sequences of a batch at most."""
    batch_events: int = Field(default=2048, ge=1)
    """Events of a batch at most, padding included. Small batches learn more from an epoch."""
    held_out: int = Field(default=1000, ge=0)
    """Users whose last event is kept for validation, at most: never more than one in five."""
    memory_gb: float | None = Field(default=None, gt=0)
    """Memory that the item table may take in training; None: what is free."""
    loop: LoopConfig = LoopConfig()
    """How it is trained."""


@dataclass(frozen=True, slots=True, eq=False)
class UserStates:
    """What a model makes of q histories, for other parts to build on.

    Attributes:
        last: The state after the last event, float32 of shape (q, dim): its product with an
            item's vector is the item's score.
        pooled: The mean of all states of the history, each weighed by softmax of its product
            with the last over sqrt(dim), float32 of shape (q, dim). Both are zeros for an
            empty history.
    """

    last: Floats
    pooled: Floats


class SequenceRetriever:
    """Reads a history in order; its last state times the items' vectors are the scores.

    Users are nothing but their histories, so that somebody never seen is served like
    everybody else, and a new event changes the state at once. Training needs torch, serving
    ONNX Runtime alone: the item table is an array, what stands above it an ONNX graph.

    Args:
        config: Hyperparameters.
        checkpoint: File that keeps an interrupted training (see `zhiyin.neural.loop`).
        progress: Told every epoch.
    """

    Config: ClassVar[type[Config]] = SequenceConfig
    name: ClassVar[str]
    network: ClassVar[str]
    """Where the network is, as "module:function": ``f(config, n_items)`` builds it."""

    def __init__(
        self,
        config: Any = None,  # noqa: ANN401 - the config of the subclass
        *,
        checkpoint: Path | None = None,
        progress: Progress = silent,
    ) -> None:
        self.config: Any = config or self.Config()
        self.checkpoint = checkpoint
        self.progress = progress
        self.outcome: Any = None
        """How the training went: a `zhiyin.neural.loop.Outcome`, None after `restore`."""

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Trains the network; the best weights by validation within the deadline stay.

        Raises:
            NotEnoughDataError: The histories carry no order.
            TrainingError: The item table does not fit into memory, or the loss became NaN
                at once.
            MissingExtraError: torch is not installed.
        """
        settings = cast("SequenceConfig", self.config)
        histories = data.in_order(self.name)
        limit = settings.memory_gb
        free = free_bytes() if limit is None else limit * 1e9
        check_memory(self.name, n_items=data.n_items, dim=settings.dim, free=free)
        learn = load_neural("zhiyin.models.sequence.learning:learn")
        arrays, self.outcome = learn(
            load_neural(self.network),
            histories,
            settings,
            seed=int(rng.integers(2**31)),
            deadline=deadline,
            checkpoint=self.checkpoint,
            progress=self.progress,
        )
        return self.restore(arrays)

    def score(self, queries: Queries) -> Floats:
        """The last state times every item's vector; zeros for an empty history."""
        return self.user_state(queries).last @ self._items.T

    def user_state(self, queries: Queries) -> UserStates:
        """The states of the queries, each float32 of shape (q, dim)."""
        shape = (len(queries), self._items.shape[1])
        result = UserStates(np.zeros(shape, np.float32), np.zeros(shape, np.float32))
        history = self._readable(queries.histories)
        windows = last_windows(history.indptr, length=self.config.length)
        asked = np.flatnonzero(history.lengths > 0)
        for rows in in_order(windows.lengths, batch_size=_QUERY_EVENTS, batch_events=_QUERY_EVENTS):
            batch = windows.take(rows)
            vectors = self._items[padded(history.items, batch)]
            last, pooled = self._session.run(vectors=vectors, last=batch.lengths - 1)
            result.last[asked[rows]] = last
            result.pooled[asked[rows]] = pooled
        return result

    def _readable(self, histories: Histories) -> Histories:
        return histories.resized(len(self._items)).positive()

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """Cosine of the items' vectors."""
        lengths = np.sqrt(np.square(self._items).sum(axis=1, keepdims=True))
        unit = self._items / np.maximum(lengths, np.float32(_TINY))
        return unit[items] @ unit.T

    def state(self) -> Arrays:
        """The item table, the graph above it, and all other weights by name."""
        return self._arrays

    def restore(self, arrays: Arrays) -> Self:
        """Takes a state back; torch is not needed.

        Raises:
            ArtifactError: An array is missing, or the graph cannot be read.
            MissingExtraError: ONNX Runtime is not installed.
        """
        if missing := {"items", "graph"} - arrays.keys():
            raise ArtifactError(f"{self.name} lacks {sorted(missing)}", hint="train again")
        self._arrays = arrays
        self._items: Floats = np.asarray(arrays["items"])
        self._session: Any = load_neural("zhiyin.neural.session:OnnxSession")(arrays["graph"])
        return self
