"""The catalogue: search, pages, one item, its neighbours, hiding it."""

from __future__ import annotations

from functools import partial
from typing import Literal
from urllib.parse import quote

from nicegui import ui

from zhiyin.app.console.paging import Paged
from zhiyin.app.console.parts import (
    box,
    button,
    card,
    empty,
    fault,
    fields,
    guarded,
    link,
    readable,
    text,
)
from zhiyin.app.console.parts import table as draw_table
from zhiyin.app.console.titles import title_in, titles_of
from zhiyin.app.console.visits import Visit
from zhiyin.app.console.words import Words
from zhiyin.client import ServiceError
from zhiyin.core.messages import ItemRecord

_PAGE = 50
_FOUND = 30


async def build(visit: Visit) -> None:
    """The catalogue."""
    await Catalogue(visit).open()


class Catalogue(Paged):
    """A list of items, and the one that is looked at.

    Args:
        visit: Who looks.
    """

    async def open(self) -> None:
        """Draws the search, the first page, and the item of the address."""
        words = self._words
        with box("div", "zy-form", role="search"):
            wanted = ui.input(words("Search by meaning, words or id")).props("outlined dense")
            wanted.classes("zy-input wide")
            wanted.on("keydown.enter", lambda: self._search(wanted.value or ""))
            button(words("Search"), lambda: self._search(wanted.value or ""), kind="main")
            button(words("Containing this text"), lambda: self._containing(wanted.value or ""))
            button(words("All items"), lambda: self._containing(""))
        self._one = box("div")
        self._list = box("div")
        item = self._visit.query.get("item")
        if item:
            await self._look_at(item)
        if self._visit.query.get("q"):
            wanted.set_value(self._visit.query["q"])
            await self._search(self._visit.query["q"])
        else:
            await self._page()

    async def _containing(self, wanted: str) -> None:
        """Lists the items with a text in their id or attributes, as it is written."""
        self._wanted = wanted.strip()
        await self._first_page()

    async def _page(self) -> None:
        words = self._words
        page = await self._visit.client.list_items(
            limit=_PAGE, cursor=self._cursors[-1], containing=self._wanted
        )
        self._list.clear()
        with self._list:
            if not page.items and self._wanted:
                text("p", words("Nothing found."))
                return
            if not page.items:
                told = words("Import a catalogue first.")
                empty(words("No items"), told, "zhiyin import --items items.csv")
                link(words("Import files here"), "/import")
                return
            self._table([(record.item_id, record.attributes, "") for record in page.items])
            self._turning(page.cursor)

    async def _search(self, wanted: str) -> None:
        words, wanted = self._words, wanted.strip()
        if not wanted:
            await self._containing("")
            return
        self._list.clear()
        try:
            result = await self._visit.client.search(wanted, n=_FOUND, explain=True)
        except ServiceError as error:
            with self._list:
                fault(error, words)
            return
        with self._list:
            for line in result.fallbacks:
                text("p", words("Note: {line}", line=line), "zy-soft")
            if not result.hits:
                text("p", words("Nothing found."))
            self._table(
                [
                    (
                        hit.item_id,
                        {"title": hit.title, "categories": hit.passage},
                        f"{hit.score:.3f}",
                    )
                    for hit in result.hits
                ],
                found=True,
            )

    def _table(
        self, rows: list[tuple[str, dict[str, object], str]], *, found: bool = False
    ) -> None:
        words = self._words
        columns = [words("Title"), words("Id"), words("Passage") if found else words("Categories")]
        columns.append(words("Score") if found else words("State"))
        cells: list[list[object]] = []
        for item_id, attributes, score in rows:
            title = title_in(item_id, attributes)
            listed = readable(attributes.get("categories") or "")
            cells.append(
                [
                    lambda item_id=item_id, title=title: button(
                        title, lambda: self._look_at(item_id), kind="bare"
                    ),
                    item_id,
                    listed,
                    score or _state(attributes, words),
                ]
            )
        draw_table(columns, cells, label=words("Items"))

    async def _look_at(self, item_id: str) -> None:
        words = self._words
        self._one.clear()
        try:
            record = await self._visit.client.read_item(item_id)
        except ServiceError as error:
            with self._one:
                fault(error, words)
            return
        with self._one, card(title_in(item_id, record.attributes)):
            with box("div", "zy-grid"):
                with box("div"):
                    fields({"item_id": item_id, **record.attributes})
                with box("div"):
                    await self._alike(item_id, "behaviour", words("Taken by the same people"))
                    await self._alike(item_id, "meaning", words("Of like meaning"))
            with box("div", "zy-row"):
                hidden = bool(record.attributes.get("hidden"))
                told = words("Show it again") if hidden else words("Hide it")
                button(told, lambda: self._hide(record, not hidden))
                link(words("Show it on the map"), f"/map?item={quote(item_id, safe='')}")
        ui.run_javascript("window.scrollTo({top: 0})")

    async def _alike(self, item_id: str, by: Literal["behaviour", "meaning"], title: str) -> None:
        text("h3", title)
        waiting = text("p", "…", "zy-soft")
        try:
            near = await self._visit.client.similar_items(item_id, n=5, by=by)
        except ServiceError as error:
            waiting.text = error.message
            return
        titles = await titles_of(self._visit, [one.id for one in near])
        waiting.delete()
        with box("ul", "zy-why"):
            for one in near:
                with box("li"):
                    button(titles[one.id], partial(self._look_at, one.id), kind="bare")

    async def _hide(self, record: ItemRecord, hidden: bool) -> None:
        async def change() -> None:
            await self._visit.client.patch_item(
                record.item_id, {"hidden": True if hidden else None}, if_match=record.etag
            )
            await self._look_at(record.item_id)

        await guarded(change, self._words, done="Done: the next slate knows.")()


def _state(attributes: dict[str, object], words: Words) -> str:
    if attributes.get("hidden"):
        return words("hidden")
    return words("out of stock") if attributes.get("available") is False else words("shown")
