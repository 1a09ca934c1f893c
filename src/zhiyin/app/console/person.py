"""Who a slate is for: what is known of them, and what they did last."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

from nicegui.element import Element

from zhiyin.app.console.parts import box, link, readable, text
from zhiyin.app.console.visits import Visit
from zhiyin.client import NotFoundError, ServiceError
from zhiyin.core.messages import Deed

_DEEDS = 6
_KNOWN = 5


async def draw_person(visit: Visit, user: str, place: Element) -> None:
    """Draws somebody into a place; nothing for an anonymous session.

    Args:
        visit: Who looks.
        user: Who is looked at; "" for nobody.
        place: Where.
    """
    words = visit.words
    if not user:
        place.clear()
        with place:
            told = words("Nobody in particular: what anybody gets.")
            text("p", told, "zy-soft")
        return
    known, deeds = await asyncio.gather(_known(visit, user), _deeds(visit, user))
    place.clear()
    with place, box("div", "zy-person"):
        if known:
            told = [f"{name} {readable(value)}" for name, value in list(known.items())[:_KNOWN]]
            text("p", " · ".join(told), "zy-soft")
        with box("p", "zy-soft"):
            text("span", words("Last:") if deeds else words("Did nothing yet."))
            for deed in deeds:
                named = deed.title or deed.item_id or deed.type
                value = f" {deed.value:g}" if deed.value is not None else ""
                text("span", named, "zy-tag").props["title"] = f"{deed.type}{value}"
            where = f"/profiles?user={quote(user, safe='')}"
            link(words("Interests of {user}", user=user), where)


async def _known(visit: Visit, user: str) -> dict[str, Any]:
    try:
        return (await visit.client.read_user(user)).attributes
    except NotFoundError:
        return {}


async def _deeds(visit: Visit, user: str) -> list[Deed]:
    try:
        return (await visit.client.read_history(user, limit=_DEEDS)).deeds
    except ServiceError:
        return []
