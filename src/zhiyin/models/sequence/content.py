"""HSTU over what items are: items that nobody took have a place in it."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.candidates import TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.contents import content_vectors
from zhiyin.core.histories import Histories
from zhiyin.models.sequence.base import SequenceRetriever
from zhiyin.models.sequence.hstu import HstuConfig


class ContentHstuConfig(HstuConfig):
    """Hyperparameters of HSTU over content."""

    content_dim: int = Field(default=128, ge=1)
    """Numbers that each attribute is reduced to."""
    bound: float = Field(default=1.0, ge=0)
    """Length of what an item's own vector adds to its content's, at most, as a share of it."""


class ContentHstuRetriever(SequenceRetriever):
    """HSTU whose item vectors are a projection of content plus a bounded part of their own.

    The softmax runs over items with events only, so that nothing teaches the network that the
    others are not taken; afterwards those have the projection of their content as their
    vector, and are scored like all others.
    """

    Config = ContentHstuConfig
    reads_attributes = True
    name: ClassVar[str] = "hstu-content"
    network: ClassVar[str] = "zhiyin.models.sequence.transducer:hstu"

    def fit(self, data: TrainingData, *, rng: np.random.Generator, deadline: Deadline) -> Self:
        """Trains on the items with events, and places the others.

        Raises:
            NotEnoughDataError: Nothing is known of the items, or the histories carry no order.
            TrainingError: See `SequenceRetriever.fit`.
            MissingExtraError: torch is not installed.
        """
        contents = content_vectors(
            data.attributes,
            model=self.name,
            width=self.config.content_dim,
            rng=rng,
            deadline=deadline,
        )
        histories = data.in_order(self.name)
        warm, items = np.unique(histories.items, return_inverse=True)
        met = Histories(
            histories.indptr,
            items.astype(np.int32),
            histories.weights,
            len(warm),
            histories.times,
        )
        arrays = self._learned(met, rng=rng, deadline=deadline, contents=contents[warm])
        table = contents @ arrays.pop("projection").T
        table[warm] = arrays["items"]
        return self.restore({**arrays, "items": table})

    def update(
        self,
        data: TrainingData,
        *,
        known: NDArray[np.int32],
        fresh: NDArray[np.bool_],
        rng: np.random.Generator,
        deadline: Deadline,
    ) -> Self:
        """Trains from the beginning: the projection belongs to all items together."""
        del known, fresh
        return self.fit(data, rng=rng, deadline=deadline)
