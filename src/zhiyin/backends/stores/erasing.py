"""Erasing one user or item from every table, in one transaction."""

from __future__ import annotations

import json
from typing import Any, cast

from sqlalchemy import Connection, delete, func, or_, select, update

from zhiyin.backends.stores.database import Database
from zhiyin.backends.stores.entities import TABLE_OF
from zhiyin.backends.stores.events import REMEMBER_LAST
from zhiyin.backends.stores.tables import EDGES, ENRICHMENTS, EVENTS, EXPOSURES, PROFILE_EDITS
from zhiyin.core.keys import id_key
from zhiyin.core.protocols import EntityKind


def erase(database: Database, kind: EntityKind, entity_id: str) -> dict[str, int]:
    """Erases a user (events, slates, edits, ties) or an item (events, enrichment, places).

    Slates shown to a user go with them. An item goes from every slate that has it, as a place
    and as evidence; the other places stay as they were shown.

    Returns:
        How many rows went, or were rid of it, by table.
    """
    key = id_key(entity_id)
    entities = TABLE_OF[kind]
    with database.writing() as connection:
        connection.exec_driver_sql(REMEMBER_LAST)
        counts = _of_user(connection, key) if kind == "user" else _of_item(connection, entity_id)
        counts["entities"] = _gone(connection, delete(entities).where(entities.c.key == key))
    return counts


def _of_user(connection: Connection, key: int) -> dict[str, int]:
    ends = or_(EDGES.c.source_key == key, EDGES.c.target_key == key)
    gone = {
        "events": delete(EVENTS).where(EVENTS.c.user_key == key),
        "exposures": delete(EXPOSURES).where(EXPOSURES.c.user_key == key),
        "profile_edits": delete(PROFILE_EDITS).where(PROFILE_EDITS.c.user_key == key),
        "edges": delete(EDGES).where(ends),
    }
    return {name: _gone(connection, statement) for name, statement in gone.items()}


def _of_item(connection: Connection, item_id: str) -> dict[str, int]:
    key = id_key(item_id)
    return {
        "events": _gone(connection, delete(EVENTS).where(EVENTS.c.item_key == key)),
        "exposures": _taken_from_slates(connection, item_id),
        "enrichments": _gone(connection, delete(ENRICHMENTS).where(ENRICHMENTS.c.item_key == key)),
    }


def _taken_from_slates(connection: Connection, item_id: str) -> int:
    """Takes an item out of the slates that have it; returns how many they were."""
    place = func.instr if connection.dialect.name == "sqlite" else func.strpos
    table = EXPOSURES.c
    written = json.dumps(item_id, ensure_ascii=False)
    having = select(table["seq"], table["body"], table["items"])
    found = connection.execute(having.where(place(table["body"], written) > 0)).all()
    for seq, *texts in found:
        body, items = (None if text is None else _rid(text, item_id) for text in texts)
        rid = update(EXPOSURES).where(table["seq"] == seq).values(body=body, items=items)
        connection.execute(rid)
    return len(found)


def _rid(text: str, item_id: str) -> str:
    return json.dumps(without(json.loads(text), item_id), ensure_ascii=False)


def without(value: Any, item_id: str) -> Any:  # noqa: ANN401 - whatever JSON carries
    """A JSON value without an item: neither objects of which it is the ``item_id``, nor its id."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {
            name: without(part, item_id)
            for name, part in fields.items()
            if name != item_id and not _is(part, item_id)
        }
    if isinstance(value, list):
        parts = cast("list[Any]", value)
        return [without(part, item_id) for part in parts if not _is(part, item_id)]
    return value


def _is(value: Any, item_id: str) -> bool:  # noqa: ANN401 - whatever JSON carries
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).get("item_id") == item_id
    return value == item_id


def _gone(connection: Connection, statement: Any) -> int:  # noqa: ANN401 - a DELETE
    return int(connection.execute(statement).rowcount)
