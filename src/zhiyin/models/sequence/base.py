"""What every neural sequence model does around its network. Free of torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.errors import ArtifactError
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.progress import Progress, silent
from zhiyin.core.protocols import Arrays
from zhiyin.models.sequence.config import SequenceConfig
from zhiyin.models.sequence.start import grown, unit
from zhiyin.models.sequence.states import UserStates
from zhiyin.neural.batches import in_order, last_windows, padded
from zhiyin.neural.extra import load_neural
from zhiyin.neural.memory import check_memory, free_bytes

_QUERY_EVENTS = 4096
"""Padded events of a batch at serving: states of some MB, whatever the number of queries."""


class SequenceRetriever:
    """Reads a history in order; its last state times the items' vectors are the scores.

    Users are nothing but their histories, so that somebody never seen is served like
    everybody else, and a new event changes the state at once. Training needs torch, serving
    ONNX Runtime alone: the item table is an array, what stands above it an ONNX graph.

    Args:
        config: Hyperparameters.
        checkpoint: File that keeps an interrupted training (`zhiyin.neural.loop`).
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
        return self.restore(
            self._learned(data.in_order(self.name), rng=rng, deadline=deadline, contents=None)
        )

    def _learned(
        self,
        histories: Histories,
        *,
        rng: np.random.Generator,
        deadline: Deadline,
        contents: Floats | None,
    ) -> Arrays:
        """What training makes of histories; of item vectors made of contents, where given."""
        settings = cast("SequenceConfig", self.config)
        limit = settings.memory_gb
        free = free_bytes() if limit is None else limit * 1e9
        check_memory(self.name, n_items=histories.n_items, dim=settings.dim, free=free)
        learn = load_neural("zhiyin.models.sequence.learning:learn")
        arrays, self.outcome, self.config = learn(
            load_neural(self.network),
            histories,
            settings,
            seed=int(rng.integers(2**31)),
            deadline=deadline,
            checkpoint=self.checkpoint,
            progress=self.progress,
            contents=contents,
        )
        return arrays

    def update(
        self,
        data: TrainingData,
        *,
        known: NDArray[np.int32],
        fresh: NDArray[np.bool_],
        rng: np.random.Generator,
        deadline: Deadline,
    ) -> Self:
        """Trains further on the histories with new events, from what was learned before.

        Args:
            data: All events, over the grown catalogue.
            known: For each item its index when this model was trained, or -1 for a new one.
            fresh: Which events came since, bool of shape (events,).
            rng: Seeds the batches' order and dropout.
            deadline: Training ends in time for it.

        Raises:
            NotEnoughDataError: The histories carry no order.
            TrainingError: The loss became NaN at once.
            MissingExtraError: torch is not installed.
        """
        settings = cast("SequenceConfig", self.config)
        histories = data.in_order(self.name)
        fresh = fresh[data.histories.weights > 0]
        rate = settings.loop.learning_rate * settings.update_rate
        loop = settings.loop.model_copy(
            update={"epochs": settings.update_epochs, "learning_rate": rate}
        )
        relearn = load_neural("zhiyin.models.sequence.learning:relearn")
        arrays, self.outcome = relearn(
            load_neural(self.network),
            histories,
            settings.model_copy(update={"loop": loop}),
            {**self._arrays, "items": grown(self._items, known, histories)},
            fresh=fresh,
            seed=int(rng.integers(2**31)),
            deadline=deadline,
            progress=self.progress,
        )
        return self.restore(arrays)

    def score(self, queries: Queries) -> Floats:
        """The last state times every item's vector; zeros for an empty history."""
        return self._states("graph", queries) @ self._columns

    def user_state(self, queries: Queries) -> UserStates:
        """The states of the queries, each float32 of shape (q, dim)."""
        return UserStates(self._states("graph", queries), self._states("pooled", queries))

    def _states(self, graph: str, queries: Queries) -> Floats:
        """What one of the graphs says of the queries, float32 of shape (q, dim)."""
        session = self._session(graph)
        result = np.zeros((len(queries), self._items.shape[1]), dtype=np.float32)
        history = self._readable(queries.histories)
        windows = last_windows(history.indptr, length=self.config.length)
        asked = np.flatnonzero(history.lengths > 0)
        times = None if history.times is None else history.times // 1000
        for rows in in_order(windows.lengths, batch_size=_QUERY_EVENTS, batch_events=_QUERY_EVENTS):
            batch = windows.take(rows)
            vectors = self._items[padded(history.items, batch)]
            shape = vectors.shape[:2]
            when = np.zeros(shape, dtype=np.int64) if times is None else padded(times, batch)
            found = session.run(vectors=vectors, last=batch.lengths - 1, times=when)
            result[asked[rows]] = found[0]
        return result

    def _session(self, graph: str) -> Any:  # noqa: ANN401 - an OnnxSession
        if graph not in self._sessions:
            session = load_neural("zhiyin.neural.session:OnnxSession")
            self._sessions[graph] = session(self._arrays[graph])
        return self._sessions[graph]

    def _readable(self, histories: Histories) -> Histories:
        return histories.resized(len(self._items)).positive()

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """Cosine of the items' vectors."""
        vectors = unit(self._items)
        return vectors[items] @ vectors.T

    def state(self) -> Arrays:
        """The item table, the graphs above it, and all other weights by name."""
        return self._arrays

    def restore(self, arrays: Arrays) -> Self:
        """Takes a state back; torch is not needed.

        Raises:
            ArtifactError: An array is missing, or the graph cannot be read.
            MissingExtraError: ONNX Runtime is not installed.
        """
        if missing := {"items", "graph", "pooled"} - arrays.keys():
            raise ArtifactError(f"{self.name} lacks {sorted(missing)}", hint="train again")
        self._arrays = arrays
        self._items: Floats = np.asarray(arrays["items"])
        self._columns = np.ascontiguousarray(self._items.T)  # read in 0.6 of the time, per query
        self._sessions: dict[str, Any] = {}
        self._session("graph")
        return self
