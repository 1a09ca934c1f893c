"""Live events: checked, keyed and stored before they are acknowledged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import polars as pl
from pydantic import ValidationError

from zhiyin.core import schema
from zhiyin.core.errors import DataError
from zhiyin.core.json_text import json_text
from zhiyin.core.keys import id_key, id_keys
from zhiyin.core.messages.events import LiveEvent
from zhiyin.core.protocols import EntityKind, EntityStore
from zhiyin.data.identity import event_keys

__all__ = ["LiveEvent", "checked_events", "event_frame", "remember_entities"]


def checked_events(events: Sequence[dict[str, Any]]) -> list[LiveEvent]:
    """Live events from mappings with their fields.

    Raises:
        DataError: One is malformed.
    """
    return [_checked(i, event) for i, event in enumerate(events)]


def remember_entities(entities: EntityStore, *, users: set[str], items: set[str]) -> None:
    """Adds users and items that nobody has mentioned before, with nothing known of them."""
    kinds: tuple[tuple[EntityKind, set[str]], ...] = (("user", users), ("item", items))
    for kind, ids in kinds:
        fresh = sorted(ids - set(entities.get(kind, list(ids))))
        if fresh:
            entities.upsert(kind, _stubs(fresh))


def _checked(number: int, event: dict[str, Any]) -> LiveEvent:
    try:
        checked = LiveEvent.model_validate(event)
        if checked.context is not None:
            json_text(checked.context)
        return checked
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"event {number}: {where}: {first['msg']}") from error
    except ValueError as error:
        raise DataError(
            f"event {number}: context: {error}",
            hint="send text, numbers, lists of them, true or false",
        ) from error


def _stubs(ids: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {"key": id_keys(ids), "id": ids, "attributes": [None] * len(ids)}, schema=schema.ENTITIES
    )


def event_frame(rows: list[LiveEvent], now: int) -> pl.DataFrame:
    """Live events as the store takes them; their keys tell a repetition."""
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
    keys = pl.Series("event_key", event_keys(frame, named="named"))
    frame.drop_in_place("named")
    return frame.insert_column(frame.width, keys)
