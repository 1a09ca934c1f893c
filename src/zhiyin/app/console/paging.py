"""Lists that are read page by page, forth and back."""

from __future__ import annotations

from zhiyin.app.console.parts import box, button
from zhiyin.app.console.visits import Visit


class Paged:
    """Remembers what is searched for and the cursors of the pages before; a subclass draws a page.

    Args:
        visit: Who looks.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._wanted = ""
        self._cursors: list[str | None] = [None]

    async def _page(self) -> None:
        """Draws the page of the last cursor."""
        raise NotImplementedError

    def _turning(self, cursor: str | None) -> None:
        """Draws the buttons to the page before and to that of a cursor, where there are any."""
        words = self._words
        with box("div", "zy-row"):
            if len(self._cursors) > 1:
                button(words("Back"), self._back)
            if cursor is not None:
                button(words("Next"), lambda: self._next(cursor))

    async def _first_page(self) -> None:
        self._cursors = [None]
        await self._page()

    async def _next(self, cursor: str) -> None:
        self._cursors.append(cursor)
        await self._page()

    async def _back(self) -> None:
        self._cursors.pop()
        await self._page()
