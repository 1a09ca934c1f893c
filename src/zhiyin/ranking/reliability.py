"""How true probabilities are: log-loss, Brier score, calibration error, AUC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy  # its parts load when they are first used: serving needs none of them
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.ranking.groups import Reals

Bins = Literal["width", "mass"]
"""Bins of equal width in probability, or with equally many rows (equal probabilities together)."""


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Rows in bins of their predicted probability; empty bins are left out.

    Attributes:
        lower: Least probability in each bin, float64 of shape (b,).
        upper: Largest, shape (b,).
        rows: How many rows, int64 of shape (b,).
        predicted: Mean predicted probability, shape (b,).
        observed: Share of rows where it happened, shape (b,).
    """

    lower: Reals
    upper: Reals
    rows: NDArray[np.int64]
    predicted: Reals
    observed: Reals

    @property
    def error(self) -> float:
        """Mean over rows of |predicted - observed| of their bin: the ECE; NaN without rows."""
        total = int(self.rows.sum())
        gap = np.abs(self.predicted - self.observed)
        return float(self.rows @ gap / total) if total else float("nan")


def reliability(
    probabilities: Reals | Floats, labels: Reals | Floats, *, bins: int = 15, by: Bins = "width"
) -> Reliability:
    """The reliability table (DeGroot and Fienberg 1983).

    Args:
        probabilities: 0..1, shape (rows,).
        labels: What happened, 0..1, shape (rows,).
        bins: How many bins, empty ones included.
        by: What the bins have in common.
    """
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    if not len(p):
        return Reliability(p, p, np.zeros(0, dtype=np.int64), p, p)
    if by == "width":
        edges = np.arange(1, bins) / bins
    else:
        edges = np.unique(np.quantile(p, np.arange(1, bins) / bins))
    at = np.searchsorted(edges, p, side="left")
    rows = np.bincount(at, minlength=len(edges) + 1)
    filled = rows > 0
    lower, upper = np.full(len(rows), np.inf), np.full(len(rows), -np.inf)
    np.minimum.at(lower, at, p)
    np.maximum.at(upper, at, p)
    count = rows[filled]
    means = [np.bincount(at, v, len(rows))[filled] / count for v in (p, y)]
    return Reliability(lower[filled], upper[filled], count, means[0], means[1])


def calibration_error(
    probabilities: Reals | Floats, labels: Reals | Floats, *, bins: int = 15, by: Bins = "width"
) -> float:
    """The expected calibration error (Naeini, Cooper and Hauskrecht, AAAI 2015), 0..1.

    Few rows per bin raise it even where the probabilities are true: compare figures of the same
    rows and bins only.
    """
    return reliability(probabilities, labels, bins=bins, by=by).error


def brier(probabilities: Reals | Floats, labels: Reals | Floats) -> float:
    """Mean squared difference between probability and outcome, 0..1; lower is better."""
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    return float(np.mean((p - y) ** 2))


def log_losses(probabilities: Reals | Floats, labels: Reals | Floats) -> Reals:
    """-log of the probability given to what happened, in nats, shape (rows,).

    Probabilities are taken within 1e-15 of 0 and 1.
    """
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    p = np.clip(p, 1e-15, 1.0 - 1e-15)
    return -(y * np.log(p) + (1.0 - y) * np.log1p(-p))


def log_loss(probabilities: Reals | Floats, labels: Reals | Floats) -> float:
    """The mean of `log_losses`; lower is better."""
    return float(log_losses(probabilities, labels).mean())


def roc_auc(scores: Reals | Floats, labels: Reals | Floats) -> float:
    """Probability that a row where it happened outscores one where it did not; ties count half.

    NaN where it always happened, or never.
    """
    happened = np.asarray(labels) > 0
    positive = int(happened.sum())
    negative = len(happened) - positive
    if not positive or not negative:
        return float("nan")
    rankdata: Any = scipy.stats.rankdata
    ranks: Reals = rankdata(scores)
    return float((ranks[happened].sum() - positive * (positive + 1) / 2) / (positive * negative))
