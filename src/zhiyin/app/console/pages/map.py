"""The map of the items: near one another where the same people take them."""

from __future__ import annotations

from collections import Counter
from urllib.parse import quote

from nicegui import ui
from nicegui.events import GenericEventArguments

from zhiyin.app.console.item_map import COLOURS, ItemMapView
from zhiyin.app.console.parts import box, button, download, empty, text
from zhiyin.app.console.visits import Visit
from zhiyin.client import ServiceError
from zhiyin.core.messages import ItemMap

_MOST = 10_000
_FOUND = 50


async def build(visit: Visit) -> None:
    """The map."""
    words = visit.words
    if (await visit.client.read_overview()).model_version is None:
        empty(words("No model yet"), words("The map needs a model."), "zhiyin train")
        return
    found = await visit.client.read_map(limit=_MOST)
    if not found.points:
        empty(words("No items"), words("Nobody had taken an item at the last training."))
        return
    text(
        "p",
        words(
            "The {shown} most taken of {n} items; items near one another are taken by the same "
            "people. The two directions hold {share} of what tells items apart. Drag to move, "
            "scroll, or the keys + and - to zoom.",
            shown=f"{len(found.points):,}",
            n=f"{found.items:,}",
            share=f"{found.explained:.0%}",
        ),
        "zy-soft",
    )
    _draw(visit, found)


def _draw(visit: Visit, found: ItemMap) -> None:
    words = visit.words
    common = [
        name
        for name, _ in Counter(p.category for p in found.points if p.category).most_common(
            len(COLOURS) - 1
        )
    ]
    number = {name: k for k, name in enumerate(common)}
    place = {p.item_id: k for k, p in enumerate(found.points)}

    def look_at(event: GenericEventArguments) -> None:
        k = int(event.args)
        if 0 <= k < len(found.points):
            one = found.points[k]
            chosen.clear()
            with chosen:
                text("strong", one.title or one.item_id)
                text("span", words("liked by {n}", n=one.popularity), "zy-soft")
                button(words("Open"), lambda: visit_item(one.item_id), kind="quiet")

    async def light_up() -> None:
        asked = (wanted.value or "").strip()
        if not asked:
            drawn.light([])
            return
        try:
            hits = await visit.client.search(asked, n=_FOUND)
        except ServiceError as error:
            ui.notify(f"{error.message} · {error.hint}", type="negative")
            return
        lit = [place[hit.item_id] for hit in hits.hits if hit.item_id in place]
        drawn.light(lit)
        told.set_text(
            words("{n} of {all} found items are on the map", n=len(lit), all=len(hits.hits))
        )

    with box("div", "zy-form", role="search"):
        wanted = ui.input(words("Search lights up")).props("outlined dense")
        wanted.classes("zy-input wide").on("keydown.enter", light_up)
        button(words("Search"), light_up, kind="main")
        button(words("Whole map"), lambda: drawn.reset())
        download(
            words,
            ("item_id", "title", "category", "x", "y", "popularity"),
            [(p.item_id, p.title, p.category, p.x, p.y, p.popularity) for p in found.points],
            file="map",
        )
    told = text("p", "", "zy-soft")
    drawn = ItemMapView(
        points=[
            (p.x, p.y, number.get(p.category, len(COLOURS) - 1), p.title or p.item_id)
            for p in found.points
        ],
        label=words("Map of the items"),
        lit=[place[visit.query["item"]]] if visit.query.get("item") in place else [],
    )
    drawn.on("chosen", look_at)
    with box("div", "zy-legend"):
        for k, name in enumerate(common):
            with box("span"):
                box("span", "zy-dot").style(f"background: {COLOURS[k]}")
                text("span", name)
        with box("span"):
            box("span", "zy-dot").style(f"background: {COLOURS[-1]}")
            text("span", words("other"))
    chosen = box("div", "zy-row")


def visit_item(item_id: str) -> None:
    """Opens an item in the catalogue."""
    ui.navigate.to(f"/items?item={quote(item_id, safe='')}")
