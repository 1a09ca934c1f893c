"""State neighbours: who once stood where you stand now, and what they did next."""

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
from zhiyin.core.topk import chunks


class StateKnnConfig(Config):
    """Hyperparameters of state neighbours."""

    decay: float = Field(default=6.0, gt=0)
    """A state fades its events as exp(-age in events / this)."""
    length: int = Field(default=12, ge=1)
    """Events of a state."""
    power: float = Field(default=3.0, gt=0)
    """Likeness is raised to this: above 1 the nearest speak louder."""
    states: int = Field(default=1_000_000, ge=1)
    """States kept; beyond this, the latest of every user. Memory and time grow with it."""


class StateKnnRetriever:
    """Every past moment of every user votes for the item that came next.

    score(i) = sum over past states s followed by i of cosine(query, s) ^ power, where a
    state holds the last ``length`` events, faded, weighed by the items' rarity
    log(1 + users / (1 + users of the item)): vector multiplication session neighbours
    (Ludewig and Jannach, "Evaluation of session-based recommendation algorithms", UMUAI
    2018, section 3.2) over moments in place of sessions.
    """

    Config = StateKnnConfig

    def __init__(self, config: StateKnnConfig | None = None) -> None:
        self.config = config or StateKnnConfig()

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Builds the state before every event but each user's first.

        Raises:
            NotEnoughDataError: The histories carry no order.
        """
        histories = data.in_order("state-knn")
        users = np.bincount(histories.matrix().indices, minlength=data.n_items)
        self._rarity = np.log1p(len(histories) / (users + 1.0)).astype(np.float32)
        place = _latest(histories, self.config.states)
        states = self._states(histories, place - 1)
        self._by_item = csr_matrix(states.T)
        self._next = histories.items[place]
        return self

    def _states(self, histories: Histories, at: NDArray[np.int64]) -> csr_matrix:
        """The states just after some events: unit rows of shape (len(at), n_items)."""
        settings = self.config
        rows = histories.rows
        owners: list[NDArray[np.int64]] = []
        columns: list[NDArray[np.int32]] = []
        values: list[Floats] = []
        for age in range(settings.length):
            there = np.flatnonzero(at >= age)
            there = there[rows[at[there] - age] == rows[at[there]]]
            event = at[there] - age
            items = histories.items[event]
            fade = np.float32(np.exp(-age / settings.decay))
            owners.append(there)
            columns.append(items)
            values.append(fade * histories.weights[event] * self._rarity[items])
        data, owner = np.concatenate(values), np.concatenate(owners)
        states = csr_matrix(
            (data, (owner, np.concatenate(columns))), shape=(len(at), len(self._rarity))
        )
        counts = np.diff(states.indptr)
        norms = np.sqrt(
            np.bincount(np.repeat(np.arange(len(at)), counts), states.data**2, minlength=len(at))
        )
        states.data /= np.repeat(np.maximum(norms, 1e-9), counts).astype(np.float32)
        return states

    def score(self, queries: Queries) -> Floats:
        """The votes of the past states most like each query's present one."""
        history = queries.histories.resized(len(self._rarity))
        active = np.flatnonzero(history.lengths)
        scores = np.zeros((len(queries), len(self._rarity)), dtype=np.float32)
        present = self._states(history, history.indptr[active + 1] - 1)
        for part in chunks(len(active), width=max(1, len(self._next))):
            scores[active[part]] = self._votes(present[part])
        return scores

    def _votes(self, present: csr_matrix) -> Floats:
        alike = csr_matrix(present @ self._by_item)
        np.maximum(alike.data, 0.0, out=alike.data)
        alike.data **= np.float32(self.config.power)
        votes = csr_matrix(
            (alike.data, self._next[alike.indices], alike.indptr),
            shape=(alike.shape[0], len(self._rarity)),
        )
        return to_dense(votes)  # adds up the repeated columns

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """What followed the states most like having just met each asked item."""
        alone = Histories(
            np.arange(len(items) + 1, dtype=np.int64),
            np.asarray(items, dtype=np.int32),
            np.ones(len(items), dtype=np.float32),
            len(self._rarity),
        )
        return self.score(Queries(alone, np.full(len(items), -1, dtype=np.int32)))

    def state(self) -> Arrays:
        """The states by item, what came next, and the items' rarity."""
        by_item = self._by_item
        return {
            "data": by_item.data,
            "indices": by_item.indices,
            "indptr": by_item.indptr,
            "next": self._next,
            "rarity": self._rarity,
        }

    def restore(self, arrays: Arrays) -> Self:
        """Takes the arrays back."""
        self._next, self._rarity = arrays["next"], arrays["rarity"]
        self._by_item = csr_matrix(
            (arrays["data"], arrays["indices"], arrays["indptr"]),
            shape=(len(self._rarity), len(self._next)),
        )
        return self


def _latest(histories: Histories, most: int) -> NDArray[np.int64]:
    """Places of the events that have one before them, the latest of each user first kept."""
    starts = histories.indptr[:-1][histories.lengths > 0]
    follows = np.ones(len(histories.items), dtype=bool)
    follows[starts] = False
    place = np.flatnonzero(follows)
    if len(place) > most:
        kept = np.argsort(histories.from_end[place], kind="stable")[:most]
        place = np.sort(place[kept])
    return place
