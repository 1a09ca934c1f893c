"""Live items: checked, keyed and stored before they are acknowledged."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zhiyin.core import schema
from zhiyin.core.errors import DataError
from zhiyin.core.keys import id_keys
from zhiyin.core.protocols import EntityStore
from zhiyin.data.importing.names import ITEM_ROLES, recognise

_ROLES = {role: names for role, names in ITEM_ROLES.items() if role != "id"}


class LiveItem(BaseModel):
    """One item as a program sends it; any further fields are attributes too."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    item_id: str = Field(min_length=1, max_length=1024)
    """Its id."""
    title: str | None = None
    """What it is called."""
    text: str | None = None
    """What it is: a description, a plot, the article itself."""
    categories: list[str] | str | None = None
    """What it belongs to."""
    brand: str | None = None
    """Who makes it."""
    price: float | None = None
    """What it costs."""
    hidden: bool | None = None
    """Whether it must not be found."""


def store_items(entities: EntityStore, items: Sequence[dict[str, Any]]) -> list[str]:
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
        checked = _checked(number, item)
        given = checked.model_dump(exclude={"item_id"}, exclude_none=True)
        names = {column: role for role, column in recognise(list(given), _ROLES, given={}).items()}
        attributes = {names.get(name, name): value for name, value in given.items()}
        if isinstance(attributes.get("categories"), str):
            attributes["categories"] = [attributes["categories"]]
        rows.pop(checked.item_id, None)
        rows[checked.item_id] = _json(number, attributes)
    if not rows:
        return []
    frame = pl.DataFrame(
        {"key": id_keys(rows), "id": list(rows), "attributes": list(rows.values())},
        schema=schema.ENTITIES,
    )
    entities.upsert("item", frame)
    return list(rows)


def _checked(number: int, item: dict[str, Any]) -> LiveItem:
    try:
        return LiveItem.model_validate(item)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"item {number}: {where}: {first['msg']}") from error


def _json(number: int, attributes: dict[str, Any]) -> str:
    try:
        text = json.dumps(attributes, ensure_ascii=False, allow_nan=False)
        text.encode("utf-8")
    except (TypeError, ValueError) as error:
        wrong = ", ".join(_not_json(attributes)) or "an attribute"
        raise DataError(
            f"item {number}: {wrong} is nothing that JSON can carry: {error}",
            hint="send text, numbers, lists of them, true or false",
        ) from error
    return text


def _not_json(attributes: dict[str, Any]) -> Iterable[str]:
    for name, value in attributes.items():
        if isinstance(value, float) and not math.isfinite(value):
            yield name
        elif not isinstance(value, (str, int, float, list, dict, bool)):
            yield name
