"""What each surface does, and changing it."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from nicegui import ui

from zhiyin.app.console.doing import does
from zhiyin.app.console.parts import box, button, card, fault, guarded, link, text
from zhiyin.app.console.surface_form import SurfaceForm
from zhiyin.app.console.visits import Visit
from zhiyin.client import ServiceError
from zhiyin.core.messages import SurfaceView


async def build(visit: Visit) -> None:
    """The surfaces of the workspace's settings."""
    await Surfaces(visit).open()


class Surfaces:
    """A card for each surface, and a form for the one that is changed.

    Args:
        visit: Who looks.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words

    async def open(self) -> None:
        """Draws the surfaces, and the form of the address."""
        text(
            "p",
            self._words("What a surface does can be changed here: the next slate follows."),
            "zy-soft",
        )
        self._form = box("div")
        self._cards = box("div", "zy-grid")
        found = await self._draw()
        asked = self._visit.query.get("edit")
        for surface in found:
            if surface.name == asked:
                self._edit(surface)

    async def _draw(self) -> list[SurfaceView]:
        words = self._words
        found = await self._visit.client.read_surfaces()
        self._cards.clear()
        with self._cards:
            for surface in found:
                with card(surface.name):
                    if not surface.built_in:
                        text("span", words("own"), "zy-tag")
                    with box("ul", "zy-does"):
                        for line in surface.does:
                            text("li", does(line, words))
                    with box("div", "zy-row"):
                        button(
                            words("Change"),
                            partial(self._edit, surface),
                            label=f"{words('Change')}: {surface.name}",
                        )
                        tried = link(words("Try it"), _slates(surface.name))
                        tried.props["aria-label"] = f"{words('Try it')}: {surface.name}"
        return found

    def _edit(self, surface: SurfaceView) -> None:
        """Opens the form of a surface."""
        words = self._words
        self._form.clear()
        with self._form, card(words("Change {surface}", surface=surface.name)):
            said = box("div", role="alert")
            form = SurfaceForm(surface.settings, words)
            form.draw()
            with box("div", "zy-row"):
                button(words("Save"), lambda: self._save(surface, form, said), kind="main")
                button(words("Close"), self._form.clear)
                button(words("As built in"), guarded(lambda: self._reset(surface), words))
        ui.run_javascript("window.scrollTo({top: 0})")

    async def _save(self, surface: SurfaceView, form: SurfaceForm, said: ui.element) -> None:
        words = self._words
        said.clear()
        try:
            changes = form.changes()
        except ValueError as error:
            with said, box("div", "zy-fault"):
                text("p", words("This line needs the form name = value. {line}", line=error))
            return
        if not changes:
            ui.notify(words("Nothing changed."))
            return
        try:
            await self._visit.client.patch_surface(surface.name, changes, if_match=surface.etag)
        except ServiceError as error:
            form.mark(error.message)
            with said:
                fault(error, words)
            return
        await self._saved(surface.name)

    async def _reset(self, surface: SurfaceView) -> None:
        await self._visit.client.delete_surface(surface.name, if_match=surface.etag)
        await self._saved(surface.name)

    async def _saved(self, name: str) -> None:
        words = self._words
        self._form.clear()
        with self._form, box("p", "zy-done", role="status"):
            text("span", words("Done: the next slate of {surface} follows.", surface=name))
            link(words("See it"), _slates(name))
        await self._draw()


def _slates(surface: str) -> str:
    return f"/slates?surface={quote(surface, safe='')}"
