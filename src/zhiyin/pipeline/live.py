"""Live events: checked, keyed and stored before they are acknowledged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import polars as pl
from pydantic import ValidationError

from zhiyin.core import schema
from zhiyin.core.errors import DataError
from zhiyin.core.keys import id_key, id_keys
from zhiyin.core.messages.events import LiveEvent
from zhiyin.core.protocols import Appended
from zhiyin.data.identity import event_keys
from zhiyin.pipeline.engine import Stores

__all__ = ["LiveEvent", "record_events"]


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
        checked = LiveEvent.model_validate(event)
        if checked.context is not None:
            json.dumps(checked.context, ensure_ascii=False, allow_nan=False).encode("utf-8")
        return checked
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"event {number}: {where}: {first['msg']}") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(
            f"event {number}: context is nothing that JSON can carry: {error}",
            hint="send text, numbers, lists of them, true or false",
        ) from error


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
