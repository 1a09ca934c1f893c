"""Live items and users: checked, keyed and stored before they are acknowledged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import polars as pl
from pydantic import ValidationError

from zhiyin.core import schema
from zhiyin.core.errors import DataError
from zhiyin.core.json_text import json_text
from zhiyin.core.keys import id_keys
from zhiyin.core.messages.entities import LiveItem, LiveUser
from zhiyin.core.protocols import EntityKind, EntityStore
from zhiyin.data.importing.names import ITEM_ROLES, USER_ROLES, recognise

__all__ = ["LiveItem", "LiveUser", "store_items", "store_users"]

T = TypeVar("T", LiveItem, LiveUser)
_ITEM_ROLES = {role: names for role, names in ITEM_ROLES.items() if role != "id"}
_USER_ROLES = {role: names for role, names in USER_ROLES.items() if role != "id"}


def store_items(entities: EntityStore, items: Sequence[Mapping[str, Any]]) -> list[str]:
    """Adds or replaces items, all or none; of a repeated id the last one counts.

    Attributes take the names that the import gives them: 标题 and name become title.

    Args:
        entities: Where to.
        items: Mappings with the fields of `LiveItem`.

    Returns:
        The ids, in order.

    Raises:
        DataError: An item is malformed; nothing was stored.
    """
    rows: dict[str, str] = {}
    for number, item in enumerate(items):
        checked = _checked(LiveItem, f"item {number}", item)
        attributes = _attributes(checked, "item_id", _ITEM_ROLES)
        if isinstance(attributes.get("categories"), str):
            attributes["categories"] = [attributes["categories"]]
        rows.pop(checked.item_id, None)
        rows[checked.item_id] = _json(f"item {number}", attributes)
    return _stored(entities, "item", rows)


def store_users(entities: EntityStore, users: Sequence[Mapping[str, Any]]) -> list[str]:
    """Adds or replaces users, all or none; of a repeated id the last one counts.

    Args:
        entities: Where to.
        users: Mappings with ``user_id`` and any attributes.

    Returns:
        The ids, in order.

    Raises:
        DataError: A user is malformed; nothing was stored.
    """
    rows: dict[str, str] = {}
    for number, user in enumerate(users):
        checked = _checked(LiveUser, f"user {number}", user)
        attributes = _attributes(checked, "user_id", _USER_ROLES)
        rows.pop(checked.user_id, None)
        rows[checked.user_id] = _json(f"user {number}", attributes)
    return _stored(entities, "user", rows)


def _checked(shape: type[T], what: str, given: Mapping[str, Any]) -> T:
    try:
        return shape.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{what}: {where}: {first['msg']}") from error


def _attributes(entity: LiveItem | LiveUser, own_id: str, roles: dict[str, str]) -> dict[str, Any]:
    given = entity.model_dump(exclude={own_id}, exclude_none=True)
    names = {column: role for role, column in recognise(list(given), roles, given={}).items()}
    return {names.get(name, name): value for name, value in given.items()}


def _stored(entities: EntityStore, kind: EntityKind, rows: Mapping[str, str]) -> list[str]:
    if not rows:
        return []
    frame = pl.DataFrame(
        {"key": id_keys(rows), "id": list(rows), "attributes": list(rows.values())},
        schema=schema.ENTITIES,
    )
    entities.upsert(kind, frame)
    return list(rows)


def _json(what: str, attributes: dict[str, Any]) -> str:
    try:
        return json_text(attributes)
    except ValueError as error:
        raise DataError(
            f"{what}: {error}", hint="send text, numbers, lists of them, true or false"
        ) from error
