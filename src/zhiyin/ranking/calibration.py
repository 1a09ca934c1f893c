"""From scores to probabilities: isotonic regression and Platt scaling.

Both are fitted on rows that the scorer has not learned from, for example its validation rows or
its out-of-fold scores, and both keep the order of scores: isotonic regression may tie neighbours.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import scipy  # its parts load when they are first used: serving needs none of them
from numpy.typing import NDArray
from pydantic import Field
from scipy.special import expit

from zhiyin.core.config import Config
from zhiyin.core.errors import ArtifactError, DataError, NotEnoughDataError
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays
from zhiyin.ranking.groups import Reals


class IsotonicConfig(Config):
    """Settings of isotonic calibration."""

    prior: float = Field(default=0.5, ge=0)
    """So many rows of either outcome are added at the lowest and at the highest score, so that
    no probability is 0 or 1 because a few rows say so. 0 for plain isotonic regression."""


class IsotonicCalibrator:
    """The non-decreasing steps with the least squared error (Zadrozny and Elkan, KDD 2002).

    Found by pooling adjacent violators; linear between the steps, flat outside.
    """

    Config = IsotonicConfig

    def __init__(self, config: IsotonicConfig | None = None) -> None:
        self.config = config or IsotonicConfig()

    def fit(
        self,
        scores: Reals | Floats,
        labels: Reals | Floats,
        *,
        weights: Reals | Floats | None = None,
    ) -> Self:
        """Learns from scores and outcomes.

        Args:
            scores: Shape (rows,), finite.
            labels: What happened, 0..1, shape (rows,).
            weights: How much a row counts, shape (rows,).

        Raises:
            NotEnoughDataError: No row counts.
            DataError: Shapes or values are not as above.
        """
        x, y, w = _checked(scores, labels, weights)
        points, at = np.unique(x, return_inverse=True)
        weight = np.bincount(at, w)
        total = np.bincount(at, w * y)
        for end in (0, -1):
            weight[end] += 2 * self.config.prior
            total[end] += self.config.prior
        isotonic: Any = scipy.optimize.isotonic_regression
        found = isotonic(total / weight, weights=weight)
        first: NDArray[np.int64] = np.asarray(found.blocks[:-1], dtype=np.int64)
        last = np.asarray(found.blocks[1:], dtype=np.int64) - 1
        # Each step from its first to its last score; a step of one score is one point.
        ends = np.unique(np.concatenate([first, last]))
        self._scores: Reals = points[ends]
        self._values: Reals = np.clip(np.asarray(found.x, dtype=np.float64)[ends], 0.0, 1.0)
        return self

    def probabilities(self, scores: Reals | Floats) -> Reals:
        """The calibrated probability of each score, float64 of shape (rows,)."""
        return np.interp(np.asarray(scores, dtype=np.float64), self._scores, self._values)

    def state(self) -> Arrays:
        """Where the function bends, and its values there."""
        return {"scores": self._scores, "probabilities": self._values}

    def restore(self, arrays: Arrays) -> Self:
        """Takes them back."""
        self._scores, self._values = arrays["scores"], arrays["probabilities"]
        return self


class PlattCalibrator:
    """A logistic function of the score (Platt 1999).

    Outcomes are smoothed to (positives + 1) / (positives + 2) and 1 / (negatives + 2), as he
    did. It needs few rows. Its slope is never below 0.
    """

    def fit(
        self,
        scores: Reals | Floats,
        labels: Reals | Floats,
        *,
        weights: Reals | Floats | None = None,
    ) -> Self:
        """Learns from scores and outcomes.

        Args:
            scores: Shape (rows,), finite.
            labels: What happened, 0..1, shape (rows,).
            weights: How much a row counts, shape (rows,).

        Raises:
            NotEnoughDataError: No row counts.
            DataError: Shapes or values are not as above.
        """
        x, y, w = _checked(scores, labels, weights)
        positive = float(w @ y)
        negative = float(w.sum()) - positive
        low, high = 1.0 / (negative + 2.0), (positive + 1.0) / (positive + 2.0)
        target: Reals = low + (high - low) * y
        w = w / (negative + positive)
        centre = float(w @ x)
        scale = float(np.sqrt(w @ (x - centre) ** 2)) or 1.0
        z: Reals = (x - centre) / scale

        def loss(p: Reals) -> tuple[float, Reals]:
            odds: Reals = float(p[0]) * z + float(p[1])
            # 1e-9 keeps the slope finite where the classes are apart, beside Platt's targets.
            value = w @ (np.logaddexp(0.0, odds) - target * odds) + 0.5e-9 * (p @ p)
            wrong: Reals = expit(odds)
            error: Reals = w * (wrong - target)
            return float(value), np.array([float(error @ z), float(error.sum())]) + 1e-9 * p

        minimize: Any = scipy.optimize.minimize
        found = minimize(
            loss,
            np.array([0.0, 0.0]),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, None), (None, None)],
            options={"gtol": 1e-10, "ftol": 1e-15, "maxiter": 500},
        ).x
        self._slope = float(found[0]) / scale
        self._intercept = float(found[1]) - self._slope * centre
        return self

    def probabilities(self, scores: Reals | Floats) -> Reals:
        """The calibrated probability of each score, float64 of shape (rows,)."""
        return expit(self._slope * np.asarray(scores, dtype=np.float64) + self._intercept)

    def state(self) -> Arrays:
        """Slope and intercept."""
        return {"line": np.array([self._slope, self._intercept])}

    def restore(self, arrays: Arrays) -> Self:
        """Takes them back."""
        self._slope, self._intercept = map(float, arrays["line"])
        return self


Calibrator = IsotonicCalibrator | PlattCalibrator
"""Either of the two."""


def restored(arrays: Arrays) -> Calibrator:
    """The calibrator whose state this is.

    Raises:
        ArtifactError: It is that of neither.
    """
    for keys, calibrator in (
        ({"scores", "probabilities"}, IsotonicCalibrator),
        ({"line"}, PlattCalibrator),
    ):
        if keys == arrays.keys():
            return calibrator().restore(arrays)
    raise ArtifactError(f"no calibrator has a state of {', '.join(sorted(arrays)) or 'nothing'}")


def _checked(
    scores: Reals | Floats, labels: Reals | Floats, weights: Reals | Floats | None
) -> tuple[Reals, Reals, Reals]:
    """All three in float64, without rows that count nothing."""
    x, y = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not x.shape == y.shape == w.shape == (len(x),):
        raise DataError(f"cannot calibrate: shapes {x.shape}, {y.shape} and {w.shape} differ")
    if not (np.isfinite(x).all() and ((y >= 0) & (y <= 1)).all()):
        raise DataError("cannot calibrate: a score is not finite, or a label is not in 0..1")
    if not (np.isfinite(w) & (w >= 0)).all():
        raise DataError("cannot calibrate: a weight is below 0 or not finite")
    counts = w > 0
    if not counts.any():
        raise NotEnoughDataError("there is no row to calibrate with")
    return x[counts], y[counts], w[counts]
