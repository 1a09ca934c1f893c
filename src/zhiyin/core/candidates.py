"""Candidates: what retrievers hand to rankers, in columns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.attributes import Attribute
from zhiyin.core.errors import NotEnoughDataError
from zhiyin.core.histories import Floats, Histories, ItemIndices


@dataclass(frozen=True, slots=True, eq=False)
class Queries:
    """A batch of q queries.

    Attributes:
        histories: What each user has done, q rows.
        users: Index of each user in the training vocabulary, int32 of shape (q,), -1
            for users that the model has not seen.
        as_of: The present, in milliseconds since the epoch.
    """

    histories: Histories
    users: NDArray[np.int32]
    as_of: int = 0

    def __len__(self) -> int:
        return len(self.histories)

    def take(self, rows: slice | NDArray[np.integer]) -> Queries:
        """Some of the queries."""
        picked = np.arange(len(self))[rows]
        return Queries(self.histories.take(picked), self.users[picked], self.as_of)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """What a retriever learns from.

    Attributes:
        histories: One row per user of the vocabulary.
        categories: For each category its items: two int32 arrays (category index, item
            index) of equal length, or None where the catalogue names none.
        n_categories: How many categories there are.
        as_of: The present at training, in milliseconds; 0 where times are unknown.
        attributes: What the items are, for models that read it; empty where nothing was read.
    """

    histories: Histories
    categories: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None
    n_categories: int = 0
    as_of: int = 0
    attributes: tuple[Attribute, ...] = ()

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return self.histories.n_items

    def in_order(self, model: str) -> Histories:
        """The histories without negative feedback, for a model that needs their order.

        Args:
            model: Who asks, for the message.

        Raises:
            NotEnoughDataError: The histories carry no order.
        """
        if not self.histories.ordered:
            raise NotEnoughDataError(
                f"{model} learns what comes next, and these events have no order",
                hint="give the events a timestamp or a position, or leave this model out",
            )
        return self.histories.positive()


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Scored candidates of q queries.

    Attributes:
        items: int32 of shape (q, n), -1 where a list is shorter.
        scores: float32 of shape (q, n), best first, -inf where ``items`` is -1.
        columns: Further scores by name, each float32 of shape (q, n): one per source.
    """

    items: ItemIndices
    scores: Floats
    columns: dict[str, Floats] = field(default_factory=dict[str, Floats])
