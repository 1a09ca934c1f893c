"""The declaration of features: what there is, in which unit, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.core.histories import Floats, Histories
from zhiyin.core.protocols import Arrays
from zhiyin.ranking.features.asked import Asked


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature, as people read of it.

    Attributes:
        name: Unique; the trees know it by this name.
        unit: What it is counted in.
        what: What it says of a candidate, in a sentence.
    """

    name: str
    unit: str
    what: str


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What features are learned from: the training part of the log, and the catalogue.

    Attributes:
        histories: The events that the retrievers learned from, a row per user.
        categories: Pairs (category index, item index), or None.
        n_categories: How many categories there are.
        numbers: Numeric attributes by name, float of shape (n_items,), NaN for unknown.
        vectors: What tells how alike items are, by name, float32 of shape (n_items, d), rows
            of length 1 or of zeros.
        sources: Names of the retrievers, "blend" first.
        context: What events told of their moment: a row per event of ``histories``, columns
            of texts by name, null for unknown; None where nothing is told.
        impressions: Whether places and earlier impressions are known.
    """

    histories: Histories
    categories: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None
    n_categories: int = 0
    numbers: Mapping[str, NDArray[np.floating]] = field(
        default_factory=dict[str, NDArray[np.floating]]
    )
    vectors: Mapping[str, Floats] = field(default_factory=dict[str, Floats])
    sources: tuple[str, ...] = ("blend",)
    context: pl.DataFrame | None = None
    impressions: bool = False

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return self.histories.n_items


class FeatureGroup(Protocol):
    """Features that are computed together, by one piece of code for training and serving."""

    group: ClassVar[str]
    """Name of the group."""

    @classmethod
    def learn(cls, known: Known) -> Self | None:
        """The group over what is known; None where that tells it nothing."""
        ...

    @property
    def features(self) -> tuple[Feature, ...]:
        """Declarations, in the order of the columns."""
        ...

    def compute(self, asked: Asked, wanted: frozenset[str]) -> dict[str, Floats]:
        """Values by name, each of shape (q, c), NaN for unknown.

        Args:
            asked: The candidates.
            wanted: Names that somebody reads; others need not be computed.
        """
        ...

    def state(self) -> Arrays:
        """What was learned."""
        ...

    def manifest(self) -> dict[str, Any]:
        """What is not an array."""
        ...

    @classmethod
    def restored(cls, manifest: Mapping[str, Any], arrays: Arrays) -> Self:
        """The inverse of `manifest` and `state`."""
        ...
