"""Columns as one JSON object per row, built column by column."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

_NUMBER = r"^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$"
_LIST_TEXT = r"^\s*\[.*\]\s*$"
_SEPARATORS = ("|", ";", "；", "、", " > ", "，", ",")


def json_objects(columns: Mapping[str, pl.Series], *, base: pl.Series | None = None) -> pl.Series:
    """One JSON object per row; null values are left out, a row without any is null.

    Args:
        columns: Values by name, all of one length.
        base: Objects (text that starts with a brace) to be extended.
    """
    parts = [_members(name, values) for name, values in columns.items()]
    if base is not None:
        inner = base.str.strip_chars().str.slice(1).str.head(-1).str.strip_chars()
        parts.insert(0, inner.set(inner == "", None))
    if not parts:
        return pl.Series("attributes", dtype=pl.String)
    frame = pl.DataFrame({str(i): part for i, part in enumerate(parts)})
    joined = frame.select(
        pl.concat_str(pl.all(), separator=",", ignore_nulls=True).alias("attributes")
    ).to_series()
    wrapped = "{" + joined + "}"
    return wrapped.set(joined == "", None).alias("attributes")


def _members(name: str, values: pl.Series) -> pl.Series:
    """``"name":value`` per row, null where the value is."""
    plain = encodable(values).alias(name)
    encoded = plain.to_frame().select(pl.struct(name).struct.json_encode().alias("json"))
    inner = encoded["json"].str.slice(1).str.head(-1)
    return inner.set(plain.is_null(), None)


def encodable(values: pl.Series) -> pl.Series:
    """A column in a type that JSON knows."""
    dtype = values.dtype
    if dtype.is_float():
        return values.fill_nan(None).set(values.is_infinite().fill_null(False), None)
    if isinstance(dtype, (pl.Datetime, pl.Date, pl.Time)):
        return values.cast(pl.String)
    if dtype.is_decimal():
        return values.cast(pl.Float64)
    if isinstance(dtype, pl.Duration):
        return values.dt.total_milliseconds()
    if dtype == pl.Binary:
        return values.bin.encode("base64")
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        return values.cast(pl.String)
    if dtype == pl.Null:
        return values.cast(pl.String)
    return values


def looks_numeric(values: pl.Series) -> bool:
    """Whether every text of a column is a plain number, none with leading zeros."""
    present = values.drop_nulls()
    return bool(len(present)) and bool(present.str.contains(_NUMBER).all())


def as_numbers(values: pl.Series) -> pl.Series:
    """Text to numbers: integers where no value has a point."""
    whole = values.cast(pl.Int64, strict=False)
    return (
        whole
        if whole.null_count() == values.null_count()
        else values.cast(pl.Float64, strict=False)
    )


def as_list(values: pl.Series, separator: str | None) -> pl.Series:
    """A column as lists of text.

    Args:
        values: Lists, JSON or Python lists as text, or text with separators.
        separator: What separates; None: a text is a list of one.
    """
    if isinstance(values.dtype, (pl.List, pl.Array)):
        return values.cast(pl.List(pl.String))
    text = values.cast(pl.String)
    listed = text.str.contains(_LIST_TEXT).fill_null(False)
    inner = text.str.strip_chars().str.strip_chars("[]")
    frame = pl.DataFrame({"text": text, "inner": inner, "listed": listed})
    quoted = pl.col("inner").str.extract_all(
        r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^,'\"\s][^,'\"]*"
    )
    split = pl.col("text").str.split(separator) if separator else pl.concat_list("text")
    trimmed = pl.element().str.strip_chars().str.strip_chars("'\"").str.strip_chars()
    lists = frame.select(
        pl.when(pl.col("text").is_null())
        .then(None)
        .when("listed")
        .then(quoted)
        .otherwise(split)
        .list.eval(trimmed.filter(trimmed != ""))
    ).to_series()
    return lists.set(lists.list.len() == 0, None)


def separator_of(values: pl.Series) -> str | None:
    """What separates the parts of a list in text, judged over a column; None: nothing."""
    if values.dtype != pl.String:
        return None
    for mark in _SEPARATORS:
        if bool(values.str.contains(mark, literal=True).any()):
            return mark
    return None
