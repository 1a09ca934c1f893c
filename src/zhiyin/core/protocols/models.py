"""What a model must do."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats

Arrays = dict[str, NDArray[Any]]
"""Named arrays: a model's whole learned state."""


@runtime_checkable
class Retriever(Protocol):
    """Scores the whole catalogue for a batch of queries.

    A retriever is built from its config, fitted once, and then only read. Its learned
    state is a dictionary of arrays, so an artifact needs no pickle and workers share
    memory-mapped pages.
    """

    Config: ClassVar[type[Config]]
    config: Config

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Learns from data; stops early, still usable, when the deadline passes."""
        ...

    def score(self, queries: Queries) -> Floats:
        """Scores of shape (q, n_items), float32; higher is better, all finite.

        The array is fresh: the caller may write to it.
        Items seen already are scored like others: leaving them out is the caller's
        decision. A query with an empty history gets a defined answer (zeros, or
        popularity), never NaN.
        """
        ...

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """Likeness of every item to each of ``items``: shape (len(items), n_items), fresh."""
        ...

    def state(self) -> Arrays:
        """The learned arrays, as saved in an artifact."""
        ...

    def restore(self, arrays: Arrays) -> Self:
        """Takes a state back; the arrays may be read-only memory maps."""
        ...
