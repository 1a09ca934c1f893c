"""Single columns of the file, checked and converted."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

Checked = tuple[pl.Series, pl.Series]
"""A converted column, and a Boolean column that is true where it could not be converted."""


def without_nulls(values: pl.Series, null_values: Sequence[str]) -> pl.Series:
    """A column in which every way to say nothing is null."""
    if values.dtype == pl.Null:
        return values.cast(pl.String)
    if values.dtype.is_float():
        return values.fill_nan(None)
    if values.dtype != pl.String:
        return values
    longest = max((len(v.encode()) for v in null_values), default=0) + 2
    short = values.str.len_bytes() <= longest
    if not short.any():
        return values
    silent = values.filter(short).str.strip_chars().is_in(list(null_values)).fill_null(False)
    return values.scatter(short.arg_true().filter(silent), None)


def texts(values: pl.Series) -> pl.Series:
    """A column as text, empty text as null."""
    if values.dtype.is_nested():
        names = pl.struct(values.name).struct.json_encode()
        encoded = (
            values.to_frame().select(names).to_series().str.slice(len(values.name) + 4).str.head(-1)
        )
        return encoded.set(values.is_null(), None)
    text = values.cast(pl.String)
    return text.set(text.str.strip_chars() == "", None)


def numbers(values: pl.Series) -> Checked:
    """A column as finite Float64."""
    if values.dtype == pl.String:
        number = values.str.strip_chars().cast(pl.Float64, strict=False)
    elif values.dtype.is_numeric() or values.dtype == pl.Boolean:
        number = values.cast(pl.Float64)
    else:
        number = pl.Series(values.name, [None] * len(values), dtype=pl.Float64)
    number = number.set(~number.is_finite().fill_null(True), None)
    return number, values.is_not_null() & number.is_null()


def whole_numbers(values: pl.Series) -> Checked:
    """A column as Int64."""
    number, bad = numbers(values)
    return number.cast(pl.Int64, strict=False), bad
