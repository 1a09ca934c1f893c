"""Titles of items, asked for once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from zhiyin.app.console.visits import Visit
from zhiyin.client import NotFoundError

_MOST = 60


async def titles_of(visit: Visit, item_ids: Iterable[str]) -> dict[str, str]:
    """The title of each item, its id where it has none."""
    asked = dict.fromkeys(item_ids)
    unknown = [item for item in asked if item not in visit.titles][:_MOST]
    await asyncio.gather(*(_ask(visit, item) for item in unknown))
    return {item: visit.titles.get(item) or item for item in asked}


def title_in(item_id: str, attributes: dict[str, object]) -> str:
    """The title among attributes; the id where there is none."""
    return str(attributes.get("title") or item_id)


async def _ask(visit: Visit, item_id: str) -> None:
    try:
        record = await visit.client.read_item(item_id)
    except NotFoundError:
        visit.remember(item_id, "")
        return
    visit.remember(item_id, title_in(item_id, record.attributes))
