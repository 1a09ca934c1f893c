"""How sure a mean over users is, and whether one model beats another on the same users.

Users are drawn with replacement (Efron, 1979). All metrics and models share the draws, so
differences are paired: a user who is hard for both models does not blur their difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.config import Config
from zhiyin.core.rng import derive_rng

PerUser = Mapping[str, NDArray[np.floating]]
"""One array of shape (users,) per metric, all over the same users; NaN where undefined."""

_BUDGET_BYTES = 32 * 2**20


class BootstrapConfig(Config):
    """How users are drawn."""

    resamples: int = 1000
    """How many times the users are drawn."""
    level: float = 0.95
    """Probability that an interval should hold the truth."""
    seed: int = 0
    """Seed of the draws; the same for every model."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and where it may lie."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How much a first model exceeds a second on the same users.

    Attributes:
        mean: Mean difference.
        low: Lower end of its interval.
        high: Upper end.
        p: Twice the smaller share of draws in which the difference was at most, or at
            least, 0: small where the sign is sure.
    """

    mean: float
    low: float
    high: float
    p: float


def intervals(values: PerUser, config: BootstrapConfig) -> dict[str, Interval]:
    """An interval for the mean of each metric; NaN where no user has a value."""
    names = list(values)
    table = _table(values)
    drawn = _resampled(table, config)
    lows, highs = _bounds(drawn, config.level)
    means = _means(table)
    return {
        name: Interval(float(means[i]), float(lows[i]), float(highs[i]))
        for i, name in enumerate(names)
    }


def differences(first: PerUser, second: PerUser, config: BootstrapConfig) -> dict[str, Difference]:
    """How much a first model exceeds a second, by metric.

    Args:
        first: Values of the one.
        second: Values of the other, with the same metrics over the same users.
        config: How users are drawn.
    """
    names = [name for name in first if name in second]
    table = _table({name: first[name] - second[name] for name in names})
    drawn = _resampled(table, config)
    lows, highs = _bounds(drawn, config.level)
    means = _means(table)
    below, above = (drawn <= 0).mean(axis=0), (drawn >= 0).mean(axis=0)
    doubt = np.minimum(1.0, 2 * np.minimum(below, above))
    return {
        name: Difference(float(means[i]), float(lows[i]), float(highs[i]), float(doubt[i]))
        for i, name in enumerate(names)
    }


def _table(values: PerUser) -> NDArray[np.float64]:
    """Metrics as columns, shape (users, metrics)."""
    columns = [np.asarray(column, dtype=np.float64) for column in values.values()]
    return np.stack(columns, axis=1) if columns else np.empty((0, 0))


def _means(table: NDArray[np.float64]) -> NDArray[np.float64]:
    known = ~np.isnan(table)
    counts = known.sum(axis=0)
    totals = np.where(known, table, 0.0).sum(axis=0)
    return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)


def _resampled(table: NDArray[np.float64], config: BootstrapConfig) -> NDArray[np.float64]:
    """Means over each draw of users, shape (resamples, metrics)."""
    n, metrics = len(table), int(table.shape[1])
    if not n:
        return np.full((config.resamples, metrics), np.nan)
    rng = derive_rng(config.seed, "bootstrap")
    known = (~np.isnan(table)).astype(np.float64)
    filled = np.nan_to_num(table)
    complete = bool(known.all())
    step = max(1, _BUDGET_BYTES // (8 * n))
    drawn: list[NDArray[np.float64]] = []
    for start in range(0, config.resamples, step):
        times = np.empty((min(step, config.resamples - start), n))
        for row in times:
            row[:] = np.bincount(rng.integers(n, size=n, dtype=np.int64), minlength=n)
        counts = np.full((1, metrics), float(n)) if complete else times @ known
        drawn.append(np.where(counts > 0, times @ filled / np.maximum(counts, 1.0), np.nan))
    return np.concatenate(drawn)


def _bounds(
    drawn: NDArray[np.float64], level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile interval of each column; NaN where a draw had no value."""
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    return low, high
