"""Every page over a real service, drawn without a browser."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.app.console.conftest import HOSTILE

pytest.importorskip("nicegui")
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation  # pyright: ignore[reportUnknownVariableType]

from zhiyin.app.console.pages.listing import BUILDS, register_pages
from zhiyin.app.console.visits import Visits
from zhiyin.app.http.keys import KeyRing
from zhiyin.app.http.server import create_app

Walk = Callable[[User], Awaitable[None]]


@asynccontextmanager
async def simulation() -> AsyncGenerator[User]:
    """A browser in this process; what it unloads (each page's module, its parents) is put back."""
    before = dict(sys.modules)
    try:
        async with user_simulation() as user:
            yield user
    finally:
        sys.modules.update(before)


def visit(folder: Path, walk: Walk) -> None:
    """Walks through the console over the service of a workspace, all in this process."""

    async def run() -> None:
        app = create_app(folder)
        async with app.router.lifespan_context(app):
            visits = Visits("http://shop", transport=httpx.ASGITransport(app))
            async with simulation() as user:
                register_pages(visits)
                await walk(user)
            await visits.close()

    asyncio.run(run())


def test_every_page_is_drawn_and_has_its_title(shop: Path) -> None:
    async def walk(user: User) -> None:
        for path, title, _ in BUILDS:
            await user.open(path)
            await user.should_see(title)
            await user.should_not_see("That did not work")

    visit(shop, walk)


def test_the_overview_is_alive_before_the_first_slate(shop: Path) -> None:
    async def walk(user: User) -> None:
        await user.open("/")
        await user.should_see("As soon as your pages ask for slates, you see here:")
        for told in ("Events over time", "When things happen", "People: known and new"):
            await user.should_see(told, retries=50)
        for told in ("Most popular items", "The catalogue by category", "How popularity is spread"):
            await user.should_see(told)
        await user.should_see("Title of ")
        assert user.find("As a table").elements

    visit(shop, walk)


def test_a_slate_says_who_it_is_for(shop: Path) -> None:
    async def walk(user: User) -> None:
        await user.open("/slates")
        await user.should_see("Last:", retries=50)
        await user.should_see("Interests of ")
        user.find("User (empty: anybody)").clear()
        await user.should_see("Nobody in particular", retries=50)

    visit(shop, walk)


def test_an_empty_workspace_says_what_to_do(empty_shop: Path) -> None:
    async def walk(user: User) -> None:
        await user.open("/")
        await user.should_see("This workspace is empty")
        for path in ("/slates", "/map", "/models"):
            await user.open(path)
            await user.should_see("No model yet")
        for path, told in (("/items", "No items"), ("/users", "No users")):
            await user.open(path)
            await user.should_see(told)

    visit(empty_shop, walk)


def test_a_slate_tells_why_and_a_filter_changes_it(shop: Path) -> None:
    async def walk(user: User) -> None:
        await user.open("/slates")
        await user.should_see("Why")
        await user.should_see("Scores by source")
        await user.should_not_see("items are new.")
        user.find("Only items where").type("price > 1000")
        await user.should_see("An empty slate", retries=50)
        user.find("Take everything back").click()
        await user.should_see("Scores by source", retries=50)
        await user.should_not_see("An empty slate")

    visit(shop, walk)


def test_a_wrong_filter_is_told_and_the_slate_stays(shop: Path) -> None:
    async def walk(user: User) -> None:
        await user.open("/slates")
        user.find("Only items where").type("price <")
        await user.should_see("That did not work", retries=50)
        await user.should_see("Scores by source")

    visit(shop, walk)


def test_what_the_console_asks_is_not_counted(shop: Path) -> None:
    async def walk(user: User) -> None:
        await user.open("/slates")
        await user.should_see("Scores by source")
        await user.open("/")
        await user.should_see("No slate was shown yet.")

    visit(shop, walk)


def test_hostile_titles_stay_texts(shop: Path) -> None:
    async def walk(user: User) -> None:
        await user.open("/items")
        await user.should_see(HOSTILE)

    visit(shop, walk)


def test_with_keys_nothing_is_shown_before_one_is_given(shop: Path) -> None:
    ring = KeyRing(shop)
    key, secret = ring.create(scopes=["admin"])

    async def walk(user: User) -> None:
        await user.open("/")
        await user.should_see("This needs a key")
        await user.should_see("Sign in")
        await user.should_not_see("Events since then")
        user.find("Key").type("zk_wrong")
        user.find("Enter").click()
        await user.open("/")
        await user.should_see("Sign in")
        user.find("Key").type(secret)
        user.find("Enter").click()
        for _ in range(50):
            await asyncio.sleep(0.1)
            await user.open("/")
            try:
                await user.should_see("Events since then", retries=1)
            except AssertionError:
                continue
            break
        await user.should_see("Events since then")
        await user.should_see("Sign out")

    try:
        visit(shop, walk)
    finally:
        ring.revoke(key.id)


def test_a_service_that_is_away_is_told() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async def run() -> None:
        visits = Visits("http://shop", transport=httpx.MockTransport(refuse))
        async with simulation() as user:
            register_pages(visits)
            await user.open("/")
            await user.should_see("The service does not answer")
            await user.should_see("Try again")

    asyncio.run(run())
