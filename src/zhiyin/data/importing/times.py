"""Timestamps of every kind, to milliseconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from zhiyin.data.importing.options import TimeUnit

_PER_MS = {"s": 1e-3, "ms": 1.0, "us": 1e3, "ns": 1e6}
_WRITTEN = (
    r"^\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?)?"
    r"\s*(?:(Z|UTC)|([+-]\d{2}):?(\d{2})(?:\s+[A-Z]{3,5})?)?\s*$"
)
_COMPACT = r"^(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$"
_DAY_MS = 86_400_000
FUTURE_MS = _DAY_MS
"""Clocks may differ by this much before a time counts as lying in the future."""


@dataclass(frozen=True, slots=True)
class Times:
    """Parsed timestamps.

    Attributes:
        milliseconds: Int64, null where missing or not understood.
        bad: Boolean, true where something was written that is not a time.
    """

    milliseconds: pl.Series
    bad: pl.Series


def to_milliseconds(column: pl.Series, *, unit: TimeUnit = "auto", zone: str = "UTC") -> Times:
    """Parses a column of numbers, dates or text.

    Numbers with unit "auto" are judged one by one by their size: below 1e11 seconds, below
    1e14 milliseconds, below 1e17 microseconds, else nanoseconds. A column of which every
    value reads as yyyymmdd holds dates.

    Args:
        column: The file's column; missing values are null.
        unit: Unit of numbers.
        zone: Time zone of written times that name none.
    """
    if column.dtype == pl.Date:
        column = column.cast(pl.Datetime("ms"))
    if isinstance(column.dtype, pl.Datetime):
        if column.dtype.time_zone is None:
            column = column.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        ms = column.dt.epoch("ms")
        return Times(ms, pl.Series(ms.is_null() & column.is_not_null()))
    if column.dtype.is_numeric():
        ms = _from_numbers(column, unit)
    else:
        ms = _from_text(column.cast(pl.String), unit, zone)
    return Times(ms, column.is_not_null() & ms.is_null())


def _from_numbers(column: pl.Series, unit: TimeUnit) -> pl.Series:
    present = column.drop_nulls()
    if unit == "auto" and column.dtype.is_integer() and len(present) and _all_compact(present):
        return _from_text(column.cast(pl.String), unit, "UTC")
    whole = column.dtype.is_integer() and unit == "ms"
    if whole:
        return column.cast(pl.Int64, strict=False)
    number = pl.col("n")
    if unit == "auto":
        size = number.abs()
        ms = (
            pl.when(size < 1e11)
            .then(number * 1000)
            .when(size < 1e14)
            .then(number)
            .when(size < 1e17)
            .then(number / 1e3)
            .otherwise(number / 1e6)
        )
    else:
        ms = number / _PER_MS[unit]
    frame = column.cast(pl.Float64, strict=False).to_frame("n")
    sane = pl.when(pl.col("ms").is_finite() & (pl.col("ms").abs() < 9e18)).then(pl.col("ms"))
    return (
        frame.select(ms.alias("ms")).select(sane.round().cast(pl.Int64, strict=False)).to_series()
    )


def _all_compact(present: pl.Series) -> bool:
    low, high = present.min(), present.max()
    if not (
        isinstance(low, int) and isinstance(high, int) and 19_000_101 <= low <= high <= 21_001_231
    ):
        return False
    return bool(present.cast(pl.String).str.contains(_COMPACT).all())


def _from_text(column: pl.Series, unit: TimeUnit, zone: str) -> pl.Series:
    text = column.str.strip_chars()
    present = text.drop_nulls()
    if unit == "auto" and len(present) and bool(present.str.contains(_COMPACT).all()):
        return _written(text.str.replace(r"^(\d{4})(\d{2})(\d{2})$", "$1-$2-$3"), zone)
    numbers = text.cast(pl.Int64, strict=False)
    if numbers.null_count() > text.null_count():
        numbers = text.cast(pl.Float64, strict=False)
    ms = _from_numbers(numbers, "auto" if unit == "auto" else unit)
    rest = text.is_not_null() & numbers.is_null()
    if not rest.any():
        return ms
    written = _written(text.filter(rest), zone)
    return ms.scatter(rest.arg_true(), written)


def _written(text: pl.Series, zone: str) -> pl.Series:
    """Parses year, month, day and what follows, in whatever style they are written."""
    parts = text.str.extract_groups(_WRITTEN).struct.unnest()
    parts.columns = ["y", "mo", "d", "h", "mi", "s", "fraction", "utc", "zh", "zm"]
    number = {n: pl.col(n).cast(pl.Int64) for n in ("zh", "zm")}
    stamp = pl.concat_str(
        pl.col("y"),
        *(pl.col(n).fill_null("0").str.zfill(2) for n in ("mo", "d", "h", "mi", "s")),
        separator="-",
    )
    fraction = (pl.lit("0.") + pl.col("fraction").fill_null("0")).cast(pl.Float64) * 1000
    sign = pl.when(pl.col("zh").str.starts_with("-")).then(-1).otherwise(1)
    offset = sign * (number["zh"].abs() * 60 + number["zm"])
    frame = parts.select(
        naive=stamp.str.to_datetime("%Y-%m-%d-%H-%M-%S", strict=False, time_unit="ms"),
        fraction=fraction.floor().cast(pl.Int64),
        offset=pl.when(pl.col("utc").is_not_null()).then(0).otherwise(offset),
    )
    local = pl.col("naive").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return frame.select(
        pl.when(pl.col("offset").is_null())
        .then(local.dt.epoch("ms"))
        .otherwise(pl.col("naive").dt.epoch("ms") - pl.col("offset") * 60_000)
        + pl.col("fraction")
    ).to_series()
