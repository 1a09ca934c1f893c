"""What a user did, as conversations look at it."""

from __future__ import annotations

from zhiyin.core.keys import id_key
from zhiyin.narrate.chat import Deed
from zhiyin.pipeline.stores import Stores


def deeds_of(stores: Stores, user_id: str | None, *, limit: int) -> list[Deed]:
    """The latest events of a user on items, in order of arrival; none of somebody unknown.

    Args:
        stores: Where they are kept.
        user_id: Whose.
        limit: How many at most.
    """
    if user_id is None:
        return []
    past = stores.events.history(id_key(user_id), limit=limit)
    keys = {event.item_key for event in past if event.item_key is not None}
    names = stores.entities.ids("item", sorted(keys))
    return [
        Deed(event.seq, names[event.item_key], event.type, event.timestamp)
        for event in past
        if event.item_key is not None and event.item_key in names
    ]
