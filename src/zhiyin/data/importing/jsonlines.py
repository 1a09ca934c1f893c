"""JSON Lines, and JSON files that hold one array of objects."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl

from zhiyin.core.errors import DataError
from zhiyin.core.json_text import DEEPEST, is_too_deep
from zhiyin.data.importing.batches import RawBatch, broken_lines
from zhiyin.data.importing.lines import blocks
from zhiyin.data.importing.ragged import UNREADABLE

NOT_JSON = "not valid JSON"
NOT_OBJECT = "not a JSON object"
TOO_DEEP = f"lists and objects within one another, more than {DEEPEST}"

Row = dict[str, Any]


def read_json_lines(
    path: Path, encoding: str, *, as_text: Collection[str] = ()
) -> Iterator[RawBatch]:
    """Yields the objects of a JSON Lines file as rows.

    Args:
        path: The file.
        encoding: Its encoding.
        as_text: Fields to be read as text whatever they hold, so that ids keep every digit.
    """
    for block in blocks(path, encoding):
        texts = block.data.decode("utf-8", "replace").split("\n")[:-1]
        numbers = np.asarray([i for i, text in enumerate(texts) if text.strip()], dtype=np.int64)
        rows = None
        if not len(block.undecodable):
            rows = _parse(block.data, len(numbers), as_text)
        broken: list[tuple[int, str, str]] = []
        if rows is None:
            objects, numbers, broken = _one_by_one(texts, set(block.undecodable.tolist()))
            rows = to_frame(objects, as_text)
        lines = pl.Series(numbers + block.first_line, dtype=pl.Int64)
        found = broken_lines([(i + block.first_line, why, raw) for i, why, raw in broken])
        yield RawBatch(rows, lines, block.share, found)


def read_json_array(
    path: Path, encoding: str, *, as_text: Collection[str] = ()
) -> Iterator[RawBatch]:
    """Yields the objects of a file that holds one JSON array.

    Raises:
        DataError: It is not valid JSON.
    """
    try:
        values: list[Any] = json.loads(path.read_bytes().decode(encoding).lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path} is not valid JSON: {error}",
            hint="JSON Lines, one object per line, survives a broken row; an array does not",
        ) from error
    good: list[tuple[int, Row]] = []
    bad: list[tuple[int, str, str]] = []
    for i, value in enumerate(values, start=1):
        why = "" if isinstance(value, dict) else NOT_OBJECT
        why = why or (TOO_DEEP if is_too_deep(cast("object", value)) else "")
        if why:
            bad.append((i, why, json.dumps(value, ensure_ascii=False)))
        else:
            good.append((i, cast("Row", value)))
    lines = pl.Series([i for i, _ in good], dtype=pl.Int64)
    yield RawBatch(to_frame([value for _, value in good], as_text), lines, 1.0, broken_lines(bad))


def first_objects(path: Path, encoding: str, *, limit: int = 100) -> list[Row]:
    """Some of the first objects, to see which fields there are."""
    found: list[Row] = []
    for block in blocks(path, encoding, size=1 << 18):
        for text in block.data.decode("utf-8", "replace").split("\n"):
            value = _loads(text)
            if isinstance(value, dict):
                found.append(value)  # pyright: ignore[reportUnknownArgumentType]
            if len(found) == limit:
                return found
    return found


def to_frame(objects: list[Row], as_text: Collection[str] = ()) -> pl.DataFrame:
    """Objects as rows; fields of mixed kinds, and those of ``as_text``, become text."""
    columns: dict[str, pl.Series] = {}
    for name in dict.fromkeys(key for row in objects for key in row):
        values = [row.get(name) for row in objects]
        if name in as_text:
            columns[name] = _texts(name, values)
            continue
        try:
            columns[name] = pl.Series(name, values, strict=True)
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
            columns[name] = _texts(name, values)
    return pl.DataFrame(columns, height=len(objects))


def _parse(data: bytes, n: int, as_text: Collection[str]) -> pl.DataFrame | None:
    """A block in one piece; None where some line is not as it should be."""
    if not n:
        return pl.DataFrame()
    overrides = {name: pl.String for name in as_text if f'"{name}"'.encode() in data}
    while True:
        try:
            frame = pl.read_ndjson(data, infer_schema_length=None, schema_overrides=overrides)
        except pl.exceptions.SchemaFieldNotFoundError as error:
            if overrides.pop(str(error), None) is None:
                return None
        except (pl.exceptions.PolarsError, ValueError):
            return None
        else:
            shallow = all(_levels(kind) < DEEPEST for kind in frame.dtypes)
            return frame if shallow and frame.height == n else None


def _levels(kind: pl.DataType) -> int:
    """How many lists and objects stand within one another in a column."""
    if isinstance(kind, pl.List):
        return 1 + _levels(cast("pl.DataType", kind.inner))
    if isinstance(kind, pl.Struct):
        return 1 + max((_levels(cast("pl.DataType", f.dtype)) for f in kind.fields), default=0)
    return 0


def _one_by_one(
    texts: list[str], undecodable: set[int]
) -> tuple[list[Row], np.ndarray[Any, np.dtype[np.int64]], list[tuple[int, str, str]]]:
    objects: list[Row] = []
    lines: list[int] = []
    broken: list[tuple[int, str, str]] = []
    for i, text in enumerate(texts):
        if not text.strip():
            continue
        value = UNREADABLE if i in undecodable else _loads(text)
        if isinstance(value, str):
            broken.append((i, value, text))
        else:
            objects.append(value)
            lines.append(i)
    return objects, np.asarray(lines, dtype=np.int64), broken


def _loads(text: str) -> Row | str:
    """The object, or why there is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return NOT_JSON
    if not isinstance(value, dict):
        return NOT_OBJECT
    row = cast("Row", value)
    if text.count("[") + text.count("{") > DEEPEST and is_too_deep(row):
        return TOO_DEEP
    return row


def _texts(name: str, values: list[Any]) -> pl.Series:
    texts = [
        value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for value in values
    ]
    return pl.Series(name, texts, dtype=pl.String)
