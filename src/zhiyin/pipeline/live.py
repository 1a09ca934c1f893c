"""Live events: checked, keyed and stored before they are acknowledged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import polars as pl
from pydantic import Field, ValidationError

from zhiyin.core import schema
from zhiyin.core.config import Config
from zhiyin.core.errors import DataError
from zhiyin.core.keys import id_key, id_keys
from zhiyin.core.protocols import Appended
from zhiyin.data.identity import event_keys
from zhiyin.pipeline.engine import Stores


class LiveEvent(Config):
    """One event as a program sends it."""

    user_id: str = Field(min_length=1)
    """Who did it."""
    item_id: str | None = None
    """On which item; None for events of the user alone, such as a search."""
    type: str = Field(default="view", min_length=1)
    """What was done: view, purchase, like, …"""
    timestamp: int | None = None
    """When, in milliseconds since the Unix epoch; None: now."""
    value: float | None = None
    """A rating, a price, a dwell time."""
    text: str | None = None
    """A review."""
    query: str | None = None
    """A search."""
    context: dict[str, Any] | None = None
    """Anything else: surface, device, place, slate_id."""
    event_id: str | None = None
    """Identity given by the sender; an event sent twice with it is stored once."""


def record_events(stores: Stores, events: Sequence[dict[str, Any]], *, now: int) -> Appended:
    """Stores a batch of live events, all or none.

    Args:
        stores: Where to.
        events: Mappings with the fields of `LiveEvent`.
        now: The present, for events that bring no time of their own.

    Raises:
        DataError: An event is malformed; nothing was stored.
    """
    rows = [_checked(i, event) for i, event in enumerate(events)]
    if not rows:
        return Appended(0, 0)
    for kind, ids in (
        ("user", {row.user_id for row in rows}),
        ("item", {row.item_id for row in rows if row.item_id is not None}),
    ):
        known = stores.entities.get(kind, list(ids))  # type: ignore[arg-type]
        fresh = sorted(ids - set(known))
        if fresh:
            stores.entities.upsert(kind, _stubs(fresh))  # type: ignore[arg-type]
    return stores.events.append(_frame(rows, now))


def _checked(number: int, event: dict[str, Any]) -> LiveEvent:
    try:
        return LiveEvent.model_validate(event)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"event {number}: {where}: {first['msg']}") from error


def _stubs(ids: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {"key": id_keys(ids), "id": ids, "attributes": [None] * len(ids)}, schema=schema.ENTITIES
    )


def _frame(rows: list[LiveEvent], now: int) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "user_key": [id_key(r.user_id) for r in rows],
            "item_key": [None if r.item_id is None else id_key(r.item_id) for r in rows],
            "type": [r.type for r in rows],
            "timestamp": [now if r.timestamp is None else r.timestamp for r in rows],
            "value": [r.value for r in rows],
            "text": [r.text for r in rows],
            "query": [r.query for r in rows],
            "context": [
                None if r.context is None else json.dumps(r.context, ensure_ascii=False)
                for r in rows
            ],
            "named": [None if r.event_id is None else id_key(r.event_id) for r in rows],
        },
        schema_overrides={
            "item_key": pl.Int64,
            "value": pl.Float64,
            "text": pl.String,
            "query": pl.String,
            "context": pl.String,
            "named": pl.Int64,
        },
    )
    return frame.with_columns(event_key=pl.Series(event_keys(frame, named="named"))).drop("named")
