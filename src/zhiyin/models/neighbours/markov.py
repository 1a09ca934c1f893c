"""What follows what: sparse transitions, for catalogues of any size."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_matrix

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.products import to_dense
from zhiyin.core.protocols import Arrays


class MarkovConfig(Config):
    """Hyperparameters of the transition model."""

    decay: float = Field(default=3.0, gt=0)
    """A pair of events at a distance counts exp(-(distance - 1) / this)."""
    horizon: int = Field(default=15, ge=1)
    """Events further apart than this do not count as a pair."""
    both_ways: bool = False
    """Whether order matters not, only nearness: for filling gaps inside a history."""
    prior: float = Field(default=10.0, gt=0)
    """Events added to an item's own before its transitions are divided by them."""
    query_decay: float | None = Field(default=3.0, gt=0)
    """Events of the queried history fade as exp(-position from the end / this); None: alike."""


class MarkovRetriever:
    """Decayed transition counts, divided by how often the first item occurs.

    W[a, b] = F[a, b] / (n_a + prior), or, both ways, (F + F')[a, b] over the root of
    (n_a + prior)(n_b + prior); F sums w_p w_q exp(-(lag - 1) / decay) over a user's ordered
    pairs of events (the sequential rules of Ludewig and Jannach, "Evaluation of
    session-based recommendation algorithms", UMUAI 2018, section 3.1, with an exponential
    for their 1/lag).
    """

    Config = MarkovConfig

    def __init__(self, config: MarkovConfig | None = None) -> None:
        self.config = config or MarkovConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Counts pairs lag by lag; the nearest first, so that the deadline costs the least.

        Raises:
            NotEnoughDataError: The histories carry no order.
        """
        settings = self.config
        histories = data.in_order("markov")
        counts = _follows(histories, settings.decay, settings.horizon, deadline)
        frequency = np.bincount(histories.items, minlength=data.n_items) + settings.prior
        if settings.both_ways:
            counts = csr_matrix(counts + counts.T)
            root = (frequency**-0.5).astype(np.float32)
            counts.data *= np.repeat(root, np.diff(counts.indptr)) * root[counts.indices]
        else:
            share = (1.0 / frequency).astype(np.float32)
            counts.data *= np.repeat(share, np.diff(counts.indptr))
        self._next = counts
        return self

    def score(self, queries: Queries) -> Floats:
        """The sum over the faded history of what follows each of its items."""
        history = queries.histories.resized(self._next.shape[0])
        return to_dense(csr_matrix(history.matrix(decay=self.config.query_decay) @ self._next))

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """What follows each asked item."""
        return to_dense(self._next[items])

    def state(self) -> Arrays:
        """The transitions as a sparse matrix."""
        follows = self._next
        return {"data": follows.data, "indices": follows.indices, "indptr": follows.indptr}

    def restore(self, arrays: Arrays) -> Self:
        """Takes the transitions back."""
        n = len(arrays["indptr"]) - 1
        self._next = csr_matrix((arrays["data"], arrays["indices"], arrays["indptr"]), shape=(n, n))
        return self


def _follows(histories: Histories, decay: float, horizon: int, deadline: Deadline) -> csr_matrix:
    shape = (histories.n_items, histories.n_items)
    none = np.empty(0, dtype=np.int32)
    total = csr_matrix((np.empty(0, dtype=np.float32), (none, none)), shape)
    rows, items, weights = histories.rows, histories.items, histories.weights
    for lag in range(1, horizon + 1):
        first = np.flatnonzero(rows[lag:] == rows[:-lag])
        if not len(first) or (lag > 1 and deadline.left <= 0):
            break
        values = weights[first] * weights[first + lag] * np.float32(np.exp(-(lag - 1) / decay))
        total = csr_matrix(total + csr_matrix((values, (items[first], items[first + lag])), shape))
    return total
