"""What the models of this family do around their networks. Free of torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.contents import content_vectors, first_projection
from zhiyin.core.errors import ArtifactError
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.progress import Progress, silent
from zhiyin.core.protocols import Arrays
from zhiyin.models.attention.config import AttentionConfig
from zhiyin.neural.extra import load_neural

_QUERY_EVENTS = 65_536
"""Events of a batch at serving: vectors of some MB, whatever the number of queries."""
_TINY = np.float32(1e-12)


class AttentionRetriever:
    """A user is a weighted mean of what their items are made of.

    Items enter through what is known of them, never by their number, the bias aside: an item
    without events is projected like every other, and has the mean bias, 0. Items of which
    nothing is known have a vector of zeros and their bias alone. Users are nothing but their
    histories; an empty one scores the biases. Training needs torch, serving numpy alone.

    Args:
        config: Hyperparameters.
        checkpoint: File that keeps an interrupted training (see `zhiyin.neural.loop`).
        progress: Told every epoch.
    """

    Config: ClassVar[type[Config]] = AttentionConfig
    reads_attributes = True
    name: ClassVar[str]
    network: ClassVar[str]
    """The network's class, as "module:class"."""
    arrays: ClassVar[frozenset[str]] = frozenset({"history", "items", "bias", "fade"})
    """Names of a state's arrays."""

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
            NotEnoughDataError: Nothing is known of the items.
            TrainingError: The loss became NaN at once.
            MissingExtraError: torch is not installed.
        """
        settings = cast("AttentionConfig", self.config)
        contents = content_vectors(
            data.attributes,
            model=self.name,
            width=settings.content_dim,
            rng=rng,
            deadline=deadline,
        )
        histories = data.histories.positive()
        warm, items = np.unique(histories.items, return_inverse=True)
        met = Histories(
            histories.indptr,
            items.astype(np.int32),
            histories.weights,
            len(warm),
            ordered=histories.ordered,
        )
        learn = load_neural("zhiyin.models.attention.learning:learn")
        weights, self.outcome = learn(
            load_neural(self.network),
            contents[warm],
            first_projection(contents, settings.dim, rng=rng, deadline=deadline),
            met,
            settings,
            seed=int(rng.integers(2**31)),
            deadline=deadline,
            checkpoint=self.checkpoint,
            progress=self.progress,
        )
        bias = np.zeros(len(contents), dtype=np.float32)
        if len(warm):
            bias[warm] = weights["bias"] - weights["bias"].mean()
        weights["fade"] *= histories.ordered
        return self.restore(
            {**self._tables(weights, contents, ordered=histories.ordered), "bias": bias}
        )

    def score(self, queries: Queries) -> Floats:
        """Scores of all items; the biases for an empty history."""
        events = queries.histories.positive().resized(len(self._arrays["bias"]))
        events = events.recent(self.config.length)
        users = np.zeros((len(queries), self._arrays["items"].shape[1]), dtype=np.float32)
        for rows in self._batches(events):
            users[rows] = self._users(events.take(rows))
        return self._scores(users)

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """Cosine of the items' projected contents."""
        table = self._arrays["items"]
        unit = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), _TINY)
        return unit[items] @ unit.T

    def state(self) -> Arrays:
        """Projected items, biases, and what the model adds."""
        return self._arrays

    def restore(self, arrays: Arrays) -> Self:
        """Takes a state back; torch is not needed.

        Raises:
            ArtifactError: An array is missing.
        """
        if missing := self.arrays - arrays.keys():
            raise ArtifactError(f"{self.name} lacks {sorted(missing)}", hint="train again")
        self._arrays: dict[str, Floats] = {name: np.asarray(arrays[name]) for name in self.arrays}
        return self

    def _tables(self, weights: Arrays, contents: Floats, *, ordered: bool) -> Arrays:
        """A state, but for the bias, from trained parameters and all items' contents."""
        raise NotImplementedError

    def _scores(self, users: Floats) -> Floats:
        """Of users' vectors with all items, shape (q, n)."""
        raise NotImplementedError

    def _logits(self, events: Histories) -> Floats:
        """What an event's share in its history is decided by, shape (events,)."""
        ages = events.from_end if events.ordered else np.zeros(len(events.items))
        faded = np.log(events.weights) - self._arrays["fade"] * np.log1p(ages)
        return np.asarray(faded, dtype=np.float32)

    def _users(self, events: Histories) -> Floats:
        """Softmax of the logits within each history, times the items read."""
        logits, rows = self._logits(events), events.rows
        top = np.full(len(events), -np.inf, dtype=np.float32)
        np.maximum.at(top, rows, logits)
        shares = np.exp(logits - top[rows])
        shares /= np.bincount(rows, shares, minlength=len(events)).astype(np.float32)[rows]
        table = self._arrays["history"]
        mean = csr_matrix((shares, events.items, events.indptr), (len(events), len(table)))
        return np.asarray(mean @ table, dtype=np.float32)

    def _batches(self, events: Histories) -> list[NDArray[np.int64]]:
        """Rows in batches of so many events or little more."""
        edges = np.arange(_QUERY_EVENTS, int(events.indptr[-1]), _QUERY_EVENTS)
        places = np.unique(np.searchsorted(events.indptr[1:], edges))
        return [part.astype(np.int64) for part in np.split(np.arange(len(events)), places)]
