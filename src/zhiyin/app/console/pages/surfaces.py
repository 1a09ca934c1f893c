"""What each surface does."""

from __future__ import annotations

from urllib.parse import quote

from zhiyin.app.console.parts import box, card, fields, link, text
from zhiyin.app.console.visits import Visit


async def build(visit: Visit) -> None:
    """The surfaces of the workspace's settings."""
    words = visit.words
    text(
        "p",
        words("Settings are read from zhiyin.toml when the service starts; here they are shown."),
        "zy-soft",
    )
    with box("div", "zy-grid"):
        for surface in await visit.client.read_surfaces():
            with card(surface.name):
                text("span", words("built in") if surface.built_in else words("own"), "zy-tag")
                with box("ul"):
                    for line in surface.does:
                        text("li", line)
                link(words("Try it"), f"/slates?surface={quote(surface.name, safe='')}")
                with box("details"):
                    text("summary", words("All settings"))
                    fields(surface.settings)
