"""Times of every kind, to milliseconds since the epoch as float64, NaN where there is none."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.policy.expressions.words import UNITS

Floats = NDArray[np.float64]

_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_WRITTEN = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?"
    r"(?: ?(?:Z|UTC|([+-])([0-9]{2}):?([0-9]{2})))?)$"
)
_PARTS = ("day", "hours", "minutes", "seconds", "fraction", "sign", "away_hours", "away_minutes")
_BELOW = {"hours": 24, "minutes": 60, "seconds": 60, "away_hours": 24, "away_minutes": 60}
_MS = {
    "hours": UNITS["h"],
    "minutes": UNITS["m"],
    "seconds": UNITS["s"],
    "away_hours": UNITS["h"],
    "away_minutes": UNITS["m"],
}


def from_numbers(values: Floats) -> Floats:
    """Numbers judged one by one by their size, as the import does.

    Below 1e11 they are seconds, below 1e14 milliseconds, below 1e17 microseconds, else
    nanoseconds.
    """
    size = np.abs(values)
    scale = np.select([size < 1e11, size < 1e14, size < 1e17], [1e3, 1.0, 1e-3], 1e-6)
    return values * scale


def from_texts(texts: pl.Series) -> Floats:
    """ISO dates, with or without a time of day; without a zone they are UTC."""
    days = texts.str.contains(_DAY)
    found = _floats(_day(texts.set(~days, None)))
    rest = (~days).arg_true()
    if len(rest):
        found[rest.to_numpy()] = _moments(texts.gather(rest))
    return found


def _day(texts: pl.Series) -> pl.Series:
    """Dates in milliseconds, null where there is no such day."""
    return texts.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("ms")).dt.epoch("ms")


def _floats(milliseconds: pl.Series) -> Floats:
    """An array of its own, NaN for null."""
    return milliseconds.cast(pl.Float64).fill_null(float("nan")).to_numpy(writable=True)


def _moments(texts: pl.Series) -> Floats:
    """Dates with a time of day, by their parts."""
    parts = texts.str.extract_groups(_WRITTEN).struct.unnest()
    parts.columns = list(_PARTS)
    sane = pl.all_horizontal(
        *(pl.col(name).cast(pl.Int32).fill_null(0) < limit for name, limit in _BELOW.items())
    )
    clock = {n: pl.col(n).cast(pl.Int64).fill_null(0) * ms for n, ms in _MS.items()}
    fraction = pl.col("fraction").fill_null("").str.head(3).str.pad_end(3, "0").cast(pl.Int64)
    away = clock["away_hours"] + clock["away_minutes"]
    since_midnight = (
        clock["hours"]
        + clock["minutes"]
        + clock["seconds"]
        + fraction
        - pl.when(pl.col("sign") == "-").then(-away).otherwise(away)
    )
    rest = parts.select(pl.when(sane).then(since_midnight)).to_series()
    return _floats(_day(parts["day"]) + rest)
