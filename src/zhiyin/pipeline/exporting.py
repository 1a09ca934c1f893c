"""Everything that is stored: about one user as one document, or of everybody as lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import polars as pl

from zhiyin.core.clock import Clock
from zhiyin.core.errors import UnknownEntityError
from zhiyin.core.keys import id_key
from zhiyin.core.messages import ExportedEvent, ItemRecord, UserExport, UserRecord
from zhiyin.core.protocols import EntityKind, EntityStore
from zhiyin.pipeline.stores import Stores

_LINES = 2_000
_COLUMNS = [
    "seq",
    "user_key",
    "item_key",
    "type",
    "timestamp",
    "value",
    "text",
    "query",
    "context",
]


def export_user(stores: Stores, user_id: str, *, clock: Clock) -> UserExport:
    """All that is stored about one user.

    Raises:
        UnknownEntityError: Nothing is.
    """
    key = id_key(user_id)
    known = stores.entities.get("user", [user_id])
    batches = [pl.DataFrame(b) for b in stores.events.scan(columns=_COLUMNS, user_key=key)]
    events = [
        event for batch in batches for event in _events(stores.entities, batch, {key: user_id})
    ]
    slates = stores.exposures.of_user(key)
    edits = [] if stores.profiles is None else stores.profiles.edits(key)
    if not known and not events and not slates and not edits:
        raise UnknownEntityError(
            f"nothing is stored about the user {user_id!r}", hint="check the id"
        )
    return UserExport(
        user_id=user_id,
        exported=clock(),
        attributes=dict(known.get(user_id, {})),
        events=events,
        profile_edits=[dict(edit._asdict()) for edit in edits],
        ties=_ties(stores, key),
        slates=[dict(slate) for slate in slates],
    )


def export_events(stores: Stores, *, after: int = 0) -> Iterator[bytes]:
    """Every event as a line of JSON, in order of arrival, in pieces of some thousand lines.

    Args:
        stores: Where from.
        after: Only those whose ``seq`` is greater, to go on where an export ended.
    """
    for batch in stores.events.scan(after=after, columns=_COLUMNS):
        for part in batch.iter_slices(_LINES):
            events = _events(stores.entities, part, {})
            yield b"".join(event.model_dump_json().encode() + b"\n" for event in events)


def export_entities(stores: Stores, kind: EntityKind) -> Iterator[bytes]:
    """Every user or item as a line of JSON, in pieces of some thousand lines."""
    after: int | None = None
    while True:
        page = stores.entities.page(kind, after=after, limit=_LINES)
        if page.height:
            yield b"".join(_line(kind, row) for row in page.iter_rows(named=True))
            after = int(page["key"][-1])
        if page.height < _LINES:
            return


def _line(kind: EntityKind, row: dict[str, Any]) -> bytes:
    attributes: dict[str, Any] = json.loads(row["attributes"]) if row["attributes"] else {}
    record = (
        ItemRecord(item_id=row["id"], attributes=attributes)
        if kind == "item"
        else UserRecord(user_id=row["id"], attributes=attributes)
    )
    return record.model_dump_json().encode() + b"\n"


def _events(
    entities: EntityStore, batch: pl.DataFrame, users: dict[int, str]
) -> list[ExportedEvent]:
    if not users:
        users = entities.ids("user", batch["user_key"].unique().to_list())
    items = entities.ids("item", batch["item_key"].drop_nulls().unique().to_list())
    frame = batch.with_columns(pl.col("type").cast(pl.String))
    return [
        ExportedEvent(
            seq=row["seq"],
            user_id=users.get(row["user_key"]),
            item_id=None if row["item_key"] is None else items.get(row["item_key"]),
            type=row["type"],
            timestamp=row["timestamp"],
            value=row["value"],
            text=row["text"],
            query=row["query"],
            context=json.loads(row["context"]) if row["context"] else None,
        )
        for row in frame.iter_rows(named=True)
    ]


def _ties(stores: Stores, key: int) -> list[dict[str, Any]]:
    if stores.edges is None:
        return []
    frame = stores.edges.edges()
    own = frame.filter((pl.col("source_key") == key) | (pl.col("target_key") == key))
    if not own.height:
        return []
    ends = [*own["source_key"].to_list(), *own["target_key"].to_list()]
    ids = stores.entities.ids("user", sorted(set(ends)))
    return [
        {
            "other": ids.get(row["target_key"] if row["source_key"] == key else row["source_key"]),
            "direction": "to" if row["source_key"] == key else "from",
            "kind": row["kind"],
            "weight": row["weight"],
            "timestamp": row["timestamp"],
        }
        for row in own.iter_rows(named=True)
    ]
