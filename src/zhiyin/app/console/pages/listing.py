"""Every page of the console: where it is, its title, and what builds it."""

from __future__ import annotations

from zhiyin.app.console.frame import Build, show
from zhiyin.app.console.pages import (
    chat,
    importing,
    items,
    later,
    map,
    models,
    overview,
    profiles,
    settings,
    slates,
    surfaces,
    users,
)
from zhiyin.app.console.visits import Visits

BUILDS: tuple[tuple[str, str, Build], ...] = (
    ("/", "Overview", overview.build),
    ("/slates", "Slates", slates.build),
    ("/items", "Catalogue", items.build),
    ("/users", "Users", users.build),
    ("/profiles", "Profiles", profiles.build),
    ("/models", "Models", models.build),
    ("/map", "Map", map.build),
    ("/surfaces", "Surfaces", surfaces.build),
    ("/settings", "Settings", settings.build),
    ("/import", "Import", importing.build),
    ("/experiments", "Experiments", later.experiments),
    ("/chat", "Chat", chat.build),
)
"""Every page: where it is, its title, and what builds it."""


def register_pages(visits: Visits) -> None:
    """Makes every page known."""
    for path, title, build in BUILDS:
        show(visits, path, title, build)
