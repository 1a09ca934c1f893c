"""Metarank's event log: one JSON Lines file of items, users, rankings and interactions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from zhiyin.data.importing.batches import RawBatch
from zhiyin.data.importing.jsonlines import first_objects, read_json_lines
from zhiyin.data.importing.options import Table

KINDS = ("item", "user", "ranking", "interaction")
_TEXT = ("id", "item", "user", "session", "type", "timestamp", "ranking", "fields", "items")

Row = dict[str, Any]


def is_metarank(path: Path, encoding: str) -> bool:
    """Whether every one of the first objects is a Metarank event."""
    objects = first_objects(path, encoding)
    return bool(objects) and all(
        row.get("event") in KINDS and "timestamp" in row and "id" in row for row in objects
    )


def read_metarank(path: Path, encoding: str, table: Table) -> Iterator[RawBatch]:
    """Yields the rows of one table: rankings become events of the type ``impression``.

    An impression carries its place in the ranking and the ranking's id as context; the
    fields of an item or a user become columns.
    """
    for batch in read_json_lines(path, encoding, as_text=_TEXT):
        rows: list[Row] = []
        lines: list[int] = []
        for line, row in zip(batch.lines, batch.rows.iter_rows(named=True), strict=True):
            made = _rows_of(row, table)
            rows += made
            lines += [line] * len(made)
        frame = pl.DataFrame(rows, infer_schema_length=None, strict=False)
        broken = batch.broken if table == "events" else batch.broken.clear()
        yield RawBatch(frame, pl.Series(lines, dtype=pl.Int64), batch.share, broken)


def _rows_of(row: Row, table: Table) -> Sequence[Row]:
    kind = row.get("event")
    if table == "items" and kind == "item":
        return [{"item_id": row.get("item"), **_fields(row)}]
    if table == "users" and kind == "user":
        return [{"user_id": row.get("user"), **_fields(row)}]
    if table != "events" or kind not in ("ranking", "interaction"):
        return []
    common = {name: row.get(name) for name in ("user", "session", "timestamp")}
    if kind == "interaction":
        shared = {"ranking": row.get("ranking"), "context": row.get("fields")}
        return [
            {
                **common,
                "event_id": row.get("id"),
                "item": row.get("item"),
                "type": row.get("type"),
                **shared,
            }
        ]
    return [
        {
            **common,
            "event_id": None,
            "item": shown.get("id"),
            "type": "impression",
            "value": 0.0,
            "ranking": row.get("id"),
            "place_in_ranking": place,
        }
        for place, shown in enumerate(_parsed(row.get("items")))
    ]


def _fields(row: Row) -> Row:
    return {str(field.get("name")): field.get("value") for field in _parsed(row.get("fields"))}


def _parsed(text: str | None) -> list[Row]:
    values: list[Any] = json.loads(text) if text else []
    return [value for value in values if isinstance(value, dict)]
