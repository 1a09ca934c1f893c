"""What linear scorers have in common: standardised features times coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.errors import NotEnoughDataError
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays, RankingData
from zhiyin.ranking.feature_names import as_bytes, check_width, from_bytes
from zhiyin.ranking.groups import Reals

FARTHEST = 10.0
"""Standard deviations that a feature may lie from its mean; what is farther counts as this."""
_TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True, slots=True, eq=False)
class Standard:
    """Mean and standard deviation of each feature over the training rows that know it.

    Attributes:
        mean: float64 of shape (f,); 0 for a feature that no row knows.
        scale: float64 of shape (f,); 1 for a feature that never changes.
    """

    mean: Reals
    scale: Reals

    def apply(self, features: Floats) -> Reals:
        """(feature - mean) / scale within ±10, shape (rows, f); 0 where a feature is NaN."""
        values = (features - self.mean) / self.scale
        values[np.isnan(values)] = 0.0
        return np.clip(values, -FARTHEST, FARTHEST, out=values)


def standard_of(features: Floats, weights: Reals) -> Standard:
    """Learns means and standard deviations of finite or NaN features, shape (rows, f)."""
    known = ~np.isnan(features)
    values = np.where(known, features, 0.0).astype(np.float64)
    counted = known * weights[:, None]
    share = np.maximum(counted.sum(axis=0), _TINY)
    mean = (values * counted).sum(axis=0) / share
    spread = np.sqrt(((values - mean) ** 2 * counted).sum(axis=0) / share)
    # A constant column of large numbers has rounding errors for a deviation.
    return Standard(mean, np.where(spread > 1e-7 * np.abs(mean), spread, 1.0))


class LinearForm:
    """Standardised features times coefficients, plus an intercept."""

    _names: tuple[str, ...] = ()
    _standard: Standard
    _coefficients: Reals
    _intercept: float

    def _prepare(self, data: RankingData) -> tuple[Reals, Reals]:
        """Learns the scales; returns standardised features and row weights that sum to 1.

        Raises:
            NotEnoughDataError: There is no row.
        """
        if not len(data.labels):
            raise NotEnoughDataError("there is no row to learn to rank from")
        given = np.ones(len(data.labels)) if data.weights is None else data.weights
        weights: NDArray[np.float64] = given / np.maximum(given.sum(dtype=np.float64), _TINY)
        self._names = data.names
        self._standard = standard_of(data.features, weights)
        return self._standard.apply(data.features), weights

    def score(self, features: Floats) -> Floats:
        """Unknown features count as their training mean, far ones as 10 deviations from it."""
        check_width(features, self._names)
        scores = self._standard.apply(features) @ self._coefficients + self._intercept
        return scores.astype(np.float32)

    def contributions(self, features: Floats) -> Reals:
        """Coefficient times standardised value, and last the intercept: shape (rows, f + 1)."""
        check_width(features, self._names)
        parts = self._standard.apply(features) * self._coefficients
        return np.column_stack([parts, np.full(len(features), self._intercept)])

    @property
    def names(self) -> tuple[str, ...]:
        """The features that training saw, in their order."""
        return self._names

    def importances(self) -> dict[str, float]:
        """How much the score rises with one standard deviation of each feature."""
        return dict(zip(self._names, self._coefficients.tolist(), strict=True))

    def state(self) -> Arrays:
        """Coefficients, intercept, means and deviations, and the names of the features."""
        return {
            "coefficients": self._coefficients,
            "intercept": np.array([self._intercept]),
            "mean": self._standard.mean,
            "scale": self._standard.scale,
            "names": as_bytes(self._names),
        }

    def restore(self, arrays: Arrays) -> Self:
        """Takes them back."""
        self._coefficients = arrays["coefficients"]
        self._intercept = float(arrays["intercept"][0])
        self._standard = Standard(arrays["mean"], arrays["scale"])
        self._names = from_bytes(arrays["names"])
        return self
