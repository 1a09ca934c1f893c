"""What puts the candidates of a query in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.errors import DataError
from zhiyin.core.histories import Floats, RowPointers
from zhiyin.core.protocols.models import Arrays


@dataclass(frozen=True, slots=True, eq=False)
class RankingData:
    """Candidates of past queries, described and judged: what a scorer learns from.

    The rows of query q are ``indptr[q]`` to ``indptr[q + 1]``; a query may have one row, or none.

    Attributes:
        features: float32 of shape (rows, f). NaN where a feature is not known; never infinite.
        labels: float32 of shape (rows,): how good the candidate turned out to be, 0 for not
            at all; finite, never below 0.
        indptr: int64 of shape (queries + 1,), from 0 up to the number of rows.
        names: The name of each feature, none twice.
        weights: float32 of shape (rows,), never below 0: how much a row counts, for example
            1 / propensity of the position. None: all rows alike.

    Raises:
        DataError: Shapes do not fit, or a value is not what is said above.
    """

    features: Floats
    labels: Floats
    indptr: RowPointers
    names: tuple[str, ...]
    weights: Floats | None = None

    def __post_init__(self) -> None:
        rows = self.features.shape[0] if self.features.ndim == 2 else -1
        _demand(rows >= 0 and self.features.dtype == np.float32, "features are no float32 matrix")
        width = self.features.shape[1]
        _demand(width > 0, "there are no features")
        _demand(len(self.names) == width, f"{width} features have {len(self.names)} names")
        _demand(len(set(self.names)) == width, "two features have the same name")
        steps = np.diff(self.indptr)
        begins = self.indptr.ndim == 1 and len(self.indptr) > 0 and self.indptr[0] == 0
        fits = begins and self.indptr[-1] == rows and not (steps < 0).any()
        _demand(bool(fits), f"indptr does not divide {rows} rows")
        _demand_amounts("labels", self.labels, rows)
        if self.weights is not None:
            _demand_amounts("weights", self.weights, rows)
        infinite = np.isinf(self.features).any(axis=0)
        if infinite.any():
            name = self.names[int(infinite.argmax())]
            raise DataError(f"feature {name!r} is infinite somewhere", hint="use NaN for unknown")

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def take(self, queries: slice | NDArray[np.integer] | NDArray[np.bool_]) -> RankingData:
        """Some of the queries, in the order in which they are asked for."""
        picked = np.arange(len(self))[queries]
        lengths: NDArray[np.int64] = np.diff(self.indptr)[picked]
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        shift: NDArray[np.int64] = np.repeat(self.indptr[picked] - indptr[:-1], lengths)
        rows = shift + np.arange(len(shift))
        weights = None if self.weights is None else self.weights[rows]
        return RankingData(self.features[rows], self.labels[rows], indptr, self.names, weights)


@runtime_checkable
class Scorer(Protocol):
    """Scores candidates from their features.

    A scorer is built from its config, fitted once, and then only read. Its state needs no
    pickle. It looks at one row at a time: what a row scores does not depend on its company.
    """

    Config: ClassVar[type[Config]]
    config: Config

    def fit(
        self,
        data: RankingData,
        *,
        rng: np.random.Generator,
        deadline: Deadline,
        validation: RankingData | None = None,
    ) -> Self:
        """Learns from judged candidates; stops early, still usable, when the deadline passes.

        The order of the rows within a query does not matter. ``validation`` holds later
        queries with the same features: scorers that learn step by step stop where they rank
        them best; others do not look at it.
        """
        ...

    def score(self, features: Floats) -> Floats:
        """Scores of shape (rows,), float32, fresh; higher is better, all finite.

        Args:
            features: float32 of shape (rows, f), as in training; NaN and infinite values are
                legal and count as unknown, or as very large or small.
        """
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """The features that training saw, in their order."""
        ...

    def importances(self) -> dict[str, float]:
        """What each feature does, by name.

        Trees: its share of all that splits gained, summing to 1 (or 0 where nothing was
        learned). Linear ones: how much the score rises when the feature grows by one standard
        deviation of the training rows, below 0 where it falls.
        """
        ...

    def state(self) -> Arrays:
        """What was learned, as saved in an artifact."""
        ...

    def restore(self, arrays: Arrays) -> Self:
        """Takes a state back; the arrays may be read-only memory maps."""
        ...


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise DataError(f"cannot learn to rank: {otherwise}")


def _demand_amounts(name: str, values: Floats, rows: int) -> None:
    _demand(values.shape == (rows,), f"{name} have shape {values.shape} for {rows} rows")
    fine = bool(np.isfinite(values).all()) and not (values < 0).any()
    _demand(fine, f"{name} are below 0, infinite or NaN somewhere")
