"""Attributes as they come, columns or single values, to values that are reckoned with."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import Any, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.policy.expressions.values import (
    Floats,
    Lists,
    Numbers,
    Opaque,
    Texts,
    Times,
    Truth,
    Value,
    finite,
    mask,
    there,
)

_SHORT = 64
"""Letters of a text that is worth remembering."""

Column = pl.Series | NDArray[Any]
"""An attribute of every candidate."""


def read_column(column: Column) -> Value:
    """A column of any type; NaN, infinities and null are unknown."""
    if isinstance(column, pl.Series):
        return _from_series(column)
    kind = column.dtype.kind
    if kind == "b":
        return Truth(column, ~column)
    if kind in "iuf":
        return Numbers(finite(column.astype(np.float64)))
    if kind == "M":
        return _from_series(pl.Series(column.astype("datetime64[ms]")))
    return _from_series(_series(column.tolist()))


def read_single(value: object) -> Value:
    """One value for all candidates: what JSON holds, a date, or a list."""
    plain = cast("object", value.item()) if isinstance(value, np.generic) else value
    if isinstance(plain, str) and len(plain) <= _SHORT:
        return _word(plain)
    if isinstance(plain, float):
        return Numbers(finite(np.array([plain])))
    return _from_series(_series([plain]))


@lru_cache(maxsize=1024)
def _word(text: str) -> Value:
    """A short text: devices, places and the like come again with every request."""
    return _from_series(_series([text]))


def _series(values: list[object]) -> pl.Series:
    """Values of one kind as they are, else as text; a list makes them all lists of text."""
    try:
        return pl.Series(values, strict=True)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        pass
    if any(isinstance(value, list) for value in values):
        return pl.Series([_parts(value) for value in values], dtype=pl.List(pl.String))
    if all(isinstance(value, int | float | None) for value in values):
        numbers = cast("list[float | None]", values)
        return pl.Series([_number(value) for value in numbers], dtype=pl.Float64)
    return pl.Series([_text(value) for value in values], dtype=pl.String)


def _parts(value: object) -> list[str | None] | None:
    if value is None:
        return None
    parts = cast("list[object]", value) if isinstance(value, list) else [value]
    return [_text(part) for part in parts]


def _number(value: float | None) -> float | None:
    try:
        return None if value is None else float(value)
    except OverflowError:
        return None


def _text(value: object) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _from_series(series: pl.Series) -> Value:
    dtype = series.dtype
    if isinstance(dtype, pl.Boolean):
        yes = mask(series)
        return Truth(yes, there(series) & ~yes)
    if isinstance(dtype, pl.Null) or dtype.is_numeric():
        return Numbers(_floats(series))
    if isinstance(dtype, pl.Date | pl.Datetime):
        return Times(_floats(series.cast(pl.Datetime("ms")).dt.epoch("ms")))
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return Texts(_cast(series, pl.String()))
    if isinstance(dtype, pl.List | pl.Array):
        return _lists(series)
    return Opaque(there(series))


def _floats(series: pl.Series) -> Floats:
    floats = _cast(series, pl.Float64())
    return finite((floats.fill_null(float("nan")) if floats.null_count() else floats).to_numpy())


def _cast(series: pl.Series, dtype: pl.DataType) -> pl.Series:
    return series if series.dtype == dtype else series.cast(dtype)


def _lists(series: pl.Series) -> Value:
    lists = series.arr.to_list() if isinstance(series.dtype, pl.Array) else series
    inner = getattr(lists.dtype, "inner", None)
    numeric = isinstance(inner, pl.DataType) and inner.is_numeric()
    try:
        return Lists(_cast(lists, pl.List(pl.Float64 if numeric else pl.String)))
    except pl.exceptions.PolarsError:
        return Opaque(there(lists))
