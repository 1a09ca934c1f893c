"""Columns of the tables that cross room borders."""

from __future__ import annotations

import polars as pl

EVENTS: dict[str, type[pl.DataType]] = {
    "event_key": pl.Int64,
    "user_key": pl.Int64,
    "item_key": pl.Int64,
    "type": pl.String,
    "timestamp": pl.Int64,
    "position": pl.Int64,
    "value": pl.Float64,
    "text": pl.String,
    "query": pl.String,
    "context": pl.String,
}
"""An event: ``item_key`` is null for events of the user alone; ``timestamp`` is in
milliseconds since the epoch, null where unknown; ``position`` is a given order within the
user; ``text`` is a review, ``query`` a search, ``context`` a JSON object. Columns after
``type`` may be absent from a frame, and are then null."""

ENTITIES: dict[str, type[pl.DataType]] = {
    "key": pl.Int64,
    "id": pl.String,
    "attributes": pl.String,
}
"""A user or an item: ``attributes`` is a JSON object, null for an id met only in events."""

EDGES: dict[str, type[pl.DataType]] = {
    "source_key": pl.Int64,
    "target_key": pl.Int64,
    "kind": pl.String,
    "weight": pl.Float64,
    "timestamp": pl.Int64,
}
"""A tie between two users."""
