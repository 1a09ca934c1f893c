"""Columns as they are reckoned with: one value for each candidate, or one for all.

A value for all has length 1 and goes with any other length, as in numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.policy.expressions.times import from_numbers, from_texts

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_YES = ("true", "t", "yes", "1", "是")
_NO = ("false", "f", "no", "0", "否")


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Three-valued logic: yes, no, and where neither is set, unknown."""

    yes: Mask
    no: Mask

    @property
    def known(self) -> Mask:
        """Where it is not unknown."""
        return self.yes | self.no


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """float64; NaN where unknown, and never infinite."""

    values: Floats

    @property
    def known(self) -> Mask:
        """Where it is not unknown."""
        return ~np.isnan(self.values)


@dataclass(frozen=True, slots=True, eq=False)
class Times(Numbers):
    """Milliseconds since the epoch."""


@dataclass(frozen=True, slots=True, eq=False)
class Durations(Numbers):
    """Milliseconds."""


@dataclass(frozen=True, eq=False)
class Texts:
    """A series of text, null where unknown."""

    series: pl.Series

    @cached_property
    def known(self) -> Mask:
        """Where it is not unknown."""
        return there(self.series)

    @cached_property
    def times(self) -> Times:
        """Those that are written as times; NaN elsewhere."""
        return Times(from_texts(self.series))

    @cached_property
    def truth(self) -> Truth:
        """Those that say yes or no, as the import reads them."""
        words = self.series.str.to_lowercase()
        return Truth(mask(words.is_in(_YES)), mask(words.is_in(_NO)))


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """A series of lists of text or of float64, null where unknown."""

    series: pl.Series

    @property
    def known(self) -> Mask:
        """Where it is not unknown."""
        return there(self.series)


@dataclass(frozen=True, slots=True, eq=False)
class Opaque:
    """Something of which can only be told whether it is there."""

    known: Mask


Value = Truth | Numbers | Texts | Lists | Opaque


def mask(series: pl.Series) -> Mask:
    """A boolean series as an array, null as false."""
    return (series.fill_null(False) if series.null_count() else series).to_numpy()


def there(series: pl.Series) -> Mask:
    """Where a series is not null."""
    if not series.null_count():
        return np.ones(len(series), dtype=np.bool_)
    return series.is_not_null().to_numpy()


def finite(values: Floats) -> Floats:
    """Numbers, NaN in place of infinities."""
    return np.where(np.isfinite(values), values, np.nan)


def as_numbers(value: Value) -> Numbers:
    """A value as numbers: what is none is unknown."""
    if isinstance(value, Numbers) and not isinstance(value, Times | Durations):
        return value
    return Numbers(np.full(len(value.known), np.nan))


def as_times(value: Value) -> Times:
    """A value as times: numbers by their size as seconds to nanoseconds, texts as ISO dates."""
    match value:
        case Times():
            return value
        case Numbers() if not isinstance(value, Durations):
            return Times(from_numbers(value.values))
        case Texts():
            return value.times
        case _:
            return Times(np.full(len(value.known), np.nan))


def as_truth(value: Value) -> Truth:
    """A value as a condition: 0 is no and other numbers yes; yes, true, no, false as texts."""
    match value:
        case Truth():
            return value
        case Times() | Durations():
            pass
        case Numbers():
            return Truth(value.known & (value.values != 0), value.values == 0)
        case Texts():
            return value.truth
        case _:
            pass
    nowhere = np.zeros(len(value.known), dtype=np.bool_)
    return Truth(nowhere, nowhere)
