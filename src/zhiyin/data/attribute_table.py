"""What is known of users and items, as a table in the order of a vocabulary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

import polars as pl

from zhiyin.data.vocabulary import Vocabulary


def in_order(vocabulary: Vocabulary, table: pl.DataFrame) -> pl.DataFrame | None:
    """The rows of a table with a column ``id``, in the order of a vocabulary.

    Returns:
        One row per entity of the vocabulary, nulls where the table has none; without
        ``id`` and without columns that hold nothing. None where no column is left.
    """
    order = pl.DataFrame({"id": vocabulary.ids}, schema={"id": pl.String})
    joined = order.join(table.unique("id", keep="first"), on="id", how="left").drop("id")
    kept = [name for name in joined.columns if joined[name].null_count() < joined.height]
    return joined.select(kept) if kept else None


def from_json(vocabulary: Vocabulary, entities: pl.DataFrame) -> pl.DataFrame | None:
    """The attributes of entity rows (``id``, and ``attributes`` as JSON objects), as `in_order`."""
    known = entities.filter(pl.col("attributes").is_not_null())
    rows: list[dict[str, Any]] = [json.loads(text) for text in known["attributes"]]
    names = dict.fromkeys(name for row in rows for name in row if not name.startswith("_"))
    columns = [column(name, [row.get(name) for row in rows]) for name in names if name != "id"]
    return in_order(vocabulary, pl.DataFrame([known["id"], *columns]))


def column(name: str, values: Sequence[Any]) -> pl.Series:
    """Values of one attribute: as they are where they are of one kind, else as text."""
    if any(isinstance(value, list) for value in values):
        lists = [_as_list(value) for value in values]
        return pl.Series(name, lists, dtype=pl.List(pl.String))
    try:
        return pl.Series(name, values, strict=True)
    except (TypeError, pl.exceptions.PolarsError):
        texts = [None if v is None else v if isinstance(v, str) else json.dumps(v) for v in values]
        return pl.Series(name, texts, dtype=pl.String)


def _as_list(value: Any) -> list[str] | None:  # noqa: ANN401 - whatever JSON holds
    if value is None:
        return None
    parts = cast(list[object], value) if isinstance(value, list) else [value]
    return [str(part) for part in parts]
