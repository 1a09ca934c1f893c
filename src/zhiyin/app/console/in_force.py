"""The filter and the boosts that a surface has, and taking them back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from nicegui.element import Element

from zhiyin.app.console.parts import button, guarded, link, text
from zhiyin.app.console.visits import Visit


class InForce:
    """Shows what a surface's filter and boosts are; each can be taken back.

    Args:
        visit: Who looks.
        place: Where it is drawn.
        follow: Called when something was taken back.
    """

    def __init__(self, visit: Visit, place: Element, follow: Callable[[], Awaitable[None]]) -> None:
        self._visit = visit
        self._place = place
        self._follow = follow

    async def draw(self, surface: str) -> None:
        """Draws what is in force on a surface; nothing where it has neither."""
        words = self._visit.words
        settings = (await self._visit.client.read_surface(surface)).settings
        self._place.clear()
        rules: list[tuple[str, str]] = []
        if settings.get("filter"):
            rules.append(("filter", str(settings["filter"])))
        rules += [("boosts", one) for one in _boosts(settings)]
        if not rules:
            return
        with self._place:
            text("strong", words("In force on {surface}:", surface=surface))
            for kind, rule in rules:
                said = (
                    words("only where {rule}", rule=rule)
                    if kind == "filter"
                    else words("scores times {rule}", rule=rule)
                )
                button(
                    f"{said} ×",
                    guarded(partial(self._take_back, surface, kind, rule), words),
                    kind="quiet",
                    label=words("Take back: {rule}", rule=said),
                )
            where = f"/surfaces?edit={quote(surface, safe='')}"
            link(words("See or change the rules of {surface}", surface=surface), where)

    async def _take_back(self, surface: str, kind: str, rule: str) -> None:
        client = self._visit.client
        found = await client.read_surface(surface)
        left: Any = None
        if kind == "boosts":
            left = [one for one in _boosts(found.settings) if one != rule] or None
        await client.patch_surface(surface, {kind: left}, if_match=found.etag)
        await self._follow()


def _boosts(settings: Mapping[str, Any]) -> list[str]:
    found: list[Any] = settings.get("boosts") or []
    return [str(one) for one in found]
