"""The frame around every page: navigation, language, colours, and who is let in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import Request
from nicegui import ui

from zhiyin.app.console.parts import box, button, card, fault, link, text
from zhiyin.app.console.visits import LANGUAGE_COOKIE, THEME_COOKIE, Given, Visit, Visits
from zhiyin.client import KeyRefusedError, NotFoundError, ServiceError
from zhiyin.core.messages import Overview

PLACES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("", (("/", "Overview"), ("/slates", "Slates"), ("/chat", "Chat"))),
    (
        "Data",
        (
            ("/items", "Catalogue"),
            ("/users", "Users"),
            ("/profiles", "Profiles"),
            ("/map", "Map"),
            ("/import", "Import"),
        ),
    ),
    (
        "Operation",
        (
            ("/models", "Models"),
            ("/surfaces", "Surfaces"),
            ("/experiments", "Experiments"),
            ("/settings", "Settings"),
        ),
    ),
)
"""Pages in the order of the navigation, by their titles, in groups."""
_SEE_PLACE = """
const strip = document.querySelector('.zy-nav'), here = strip?.querySelector('.here');
if (here) strip.scrollLeft = here.offsetLeft - (strip.clientWidth - here.clientWidth) / 2;
"""
"""On a phone the navigation is a strip: the place where one is lies in the middle of it."""
Build = Callable[[Visit], Awaitable[None]]
_STYLE = (Path(__file__).parent / "static" / "console.css").read_text(encoding="utf-8")
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" '
    'rx="7" fill="#0f766e"/><path d="M9 9h14v3L13 21h10v3H9v-3l10-9H9z" fill="#fff"/></svg>'
)


def show(visits: Visits, path: str, title: str, build: Build) -> None:
    """Makes a page known.

    Args:
        visits: Who is here.
        path: Where it is, below the console.
        title: What it is called.
        build: Puts its content in.
    """

    @ui.page(path, title=f"{title} · Zhiyin", favicon=_ICON, response_timeout=60.0, dark=None)
    async def page(request: Request) -> None:  # pyright: ignore[reportUnusedFunction]
        visit = visits.of(request)
        words = visit.words
        ui.add_css(_STYLE)
        ui.dark_mode(visit.dark)
        ui.run_javascript(f"document.documentElement.lang = {words.language!r}")
        ui.run_javascript(_SEE_PLACE)
        ui.page_title(f"{words(title)} · Zhiyin")
        ui.colors(primary="#0f766e", positive="#15803d", negative="#b91c1c")
        with box("div", "zy-shell"):
            _side(visit, path, visits)
            with box("main", "zy-main", id="main"):
                text("h1", words(title))
                await _content(visits, visit, build)


async def _content(visits: Visits, visit: Visit, build: Build) -> None:
    try:
        await build(visit)
    except KeyRefusedError as error:
        fault(error, visit.words)
        _sign_in(visits, visit)
    except NotFoundError as error:
        fault(error, visit.words)
        if len(visits.workspaces) > 1 and error.problem.title == "UnknownWorkspace":
            _sign_in(visits, visit)
    except ServiceError as error:
        fault(error, visit.words)


def _side(visit: Visit, here: str, visits: Visits) -> None:
    words = visit.words
    with box("header", "zy-side"):
        skip = text("a", words("Skip to the content"), "zy-skip")
        skip.props["href"] = "#main"
        with box("div", "zy-brand"):
            text("span", "知音", "zy-mark").props["aria-hidden"] = "true"
            text("span", "Zhiyin")
        with box("nav", "zy-nav", aria_label=words("Pages")):
            for group, places in PLACES:
                if group:
                    text("span", words(group), "zy-group")
                for path, title in places:
                    one = link(words(title), path, "here" if path == here else "")
                    if path == here:
                        one.props["aria-current"] = "page"
        with box("div", "zy-choices"):
            other, name = ("en", "English") if words.language == "zh" else ("zh", "中文")
            button(name, lambda: _keep(LANGUAGE_COOKIE, other), kind="quiet")
            with box("div", "zy-themes", role="group", aria_label=words("Colours")):
                for theme, said in (("light", "Light"), ("dark", "Dark"), ("auto", "Auto")):
                    chosen = {True: "dark", False: "light", None: "auto"}[visit.dark] == theme
                    one = button(words(said), partial(_keep, THEME_COOKIE, theme), kind="quiet")
                    one.props["aria-pressed"] = "true" if chosen else "false"
            if visits.knows(visit.session):
                button(words("Sign out"), lambda: _leave(visits, visit), kind="quiet")


def _keep(name: str, value: str) -> None:
    ui.run_javascript(
        f"document.cookie = '{name}={value}; path=/console; max-age=31536000; samesite=strict';"
        "location.reload()"
    )


def _leave(visits: Visits, visit: Visit) -> None:
    visits.leave(visit.session)
    ui.navigate.reload()


def _sign_in(visits: Visits, visit: Visit) -> None:
    words = visit.words
    with card(words("Sign in")):
        text(
            "p",
            words(
                "Give a key of the workspace (`zhiyin keys create`). It stays in the memory of "
                "the console until you sign out or the console ends."
            ),
        )
        key = ui.input(words("Key"), password=True).props("outlined autocomplete=off")
        key.classes("zy-input")
        several = len(visits.workspaces) > 1
        workspace: Any = None
        if several:
            workspace = ui.select(visits.workspaces, label=words("Workspace"), clearable=True)
            workspace.props("outlined").classes("zy-input")

        async def enter() -> None:
            given = Given((key.value or "").strip(), (workspace.value or "") if several else "")
            try:
                found: Overview = await visits.client(given).read_overview()
            except ServiceError as error:
                ui.notify(f"{error.message} · {error.hint}", type="negative", timeout=8000)
                return
            visits.let_in(visit.session, given)
            ui.notify(found.workspace, type="positive")
            ui.navigate.reload()

        key.on("keydown.enter", enter)
        button(words("Enter"), enter, kind="main")
