"""Categories with thousands of values, as numbers that trees can split on."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.errors import DataError, NotEnoughDataError
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays
from zhiyin.ranking.groups import Reals

Keys = NDArray[np.int64]


class CategoryConfig(Config):
    """Settings of encoded categories."""

    prior: float = Field(default=20.0, gt=0)
    """Rows of the overall mean that are added to each value: what is rare is near the mean."""
    folds: int = Field(default=5, ge=2)
    """Training rows are told the means of the other folds."""


class CategoryEncoder:
    """How often each value was seen, and the mean label where it was.

    A training row must not be told its own label: its fold is left out of what it is told
    (Micci-Barreca, SIGKDD Explorations 2001, with folds). Counts are on the same footing, so
    that a value that training never saw looks like one that only its own fold saw.

    A column holds the key of each row's value (`zhiyin.core.keys.id_key` of a text, say); no
    value is a value like others.
    """

    Config = CategoryConfig

    def __init__(self, config: CategoryConfig | None = None) -> None:
        self.config = config or CategoryConfig()
        self._columns: list[tuple[Keys, Reals, Reals]] = []
        self._mean = 0.0

    def fit_encode(self, keys: Keys, labels: Reals | Floats, *, rng: np.random.Generator) -> Floats:
        """Learns from training rows, and encodes them.

        Args:
            keys: Shape (rows, c).
            labels: What is averaged, shape (rows,).
            rng: Draws the folds.

        Returns:
            float32 of shape (rows, 2 c): mean labels of all columns, then log(1 + count).

        Raises:
            NotEnoughDataError: There is no row.
        """
        rows = len(keys)
        if not rows:
            raise NotEnoughDataError("there is no row to learn categories from")
        folds = self.config.folds
        y = np.asarray(labels, dtype=np.float64)
        fold = rng.permutation(np.arange(rows) % folds)
        self._mean = float(y.mean())
        own_mean = _others(np.zeros(rows, dtype=np.int64), fold, folds, y)
        prior_mean = own_mean[0] / np.maximum(own_mean[1], 1.0)
        self._columns = []
        means: list[Reals] = []
        counts: list[Reals] = []
        for column in keys.T:
            values, at = np.unique(column, return_inverse=True)
            place = at.astype(np.int64)
            seen = np.bincount(place).astype(np.float64)
            totals = np.bincount(place, y).astype(np.float64)
            self._columns.append((values, totals, seen))
            total, count = _others(place, fold, folds, y)
            means.append(self._shrunk(total, count, prior_mean))
            counts.append(np.log1p(count))
        return _side_by_side(means, counts)

    def _shrunk(self, total: Reals, count: Reals, mean: Reals | float) -> Reals:
        return (total + self.config.prior * mean) / (count + self.config.prior)

    def encode(self, keys: Keys) -> Floats:
        """Encodes rows that training did not see: float32 of shape (rows, 2 c).

        Raises:
            DataError: There are more columns than in training, or fewer.
        """
        if keys.ndim != 2 or keys.shape[1] != len(self._columns):
            raise DataError(f"keys have shape {keys.shape}, training had {len(self._columns)}")
        share = 1.0 - 1.0 / self.config.folds
        means: list[Reals] = []
        counts: list[Reals] = []
        for number, (values, totals, seen) in enumerate(self._columns):
            column = keys[:, number]
            at: Keys = np.minimum(np.searchsorted(values, column), len(values) - 1)
            known: NDArray[np.bool_] = values[at] == column
            total, count = _where(known, totals[at]), _where(known, seen[at])
            means.append(self._shrunk(total, count, self._mean))
            counts.append(np.log1p(share * count))
        return _side_by_side(means, counts)

    def state(self) -> Arrays:
        """Values, sums of labels and counts of each column, and the overall mean."""
        arrays: Arrays = {"mean": np.array([self._mean])}
        for at, (values, totals, seen) in enumerate(self._columns):
            arrays |= {f"{at}/values": values, f"{at}/totals": totals, f"{at}/seen": seen}
        return arrays

    def restore(self, arrays: Arrays) -> Self:
        """Takes them back."""
        self._mean = float(arrays["mean"][0])
        self._columns = [
            (arrays[f"{at}/values"], arrays[f"{at}/totals"], arrays[f"{at}/seen"])
            for at in range((len(arrays) - 1) // 3)
        ]
        return self


def _where(known: NDArray[np.bool_], amounts: Reals) -> Reals:
    return np.where(known, amounts, 0.0)


def _side_by_side(means: list[Reals], counts: list[Reals]) -> Floats:
    return np.column_stack([*means, *counts]).astype(np.float32)


def _others(at: Keys, fold: Keys, folds: int, y: Reals) -> tuple[Reals, Reals]:
    """Sum of labels and number of rows with the same value in other folds, for each row."""
    size = (int(at.max()) + 1) * folds
    cell = at * folds + fold
    result: list[Reals] = []
    for weights in (y, np.ones(len(y))):
        table = np.bincount(cell, weights, size).reshape(-1, folds)
        rest = table.sum(axis=1, keepdims=True) - table
        result.append(rest.ravel()[cell])
    return result[0], result[1]
