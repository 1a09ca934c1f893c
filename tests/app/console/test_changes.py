"""What is changed in the console: rules, weights, settings; and what goes wrong on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.app.console.conftest import HOSTILE

pytest.importorskip("nicegui")
from nicegui import ui
from nicegui.testing import User
from tests.app.console.test_pages import simulation, visit

from zhiyin.app.console.pages.listing import register_pages
from zhiyin.app.console.surface_form import read_field, written
from zhiyin.app.console.visits import Visits
from zhiyin.app.http.keys import KeyRing
from zhiyin.app.http.server import create_app
from zhiyin.core.clock import system_clock
from zhiyin.pipeline.jobs import Job, jobs_folder, write_job
from zhiyin.pipeline.settings_file import SETTINGS_FILE
from zhiyin.pipeline.wiring import open_workspace
from zhiyin.testing.stores import make_entities


@pytest.fixture
def own_rules(shop: Path) -> Callable[[], str]:
    """The settings file of the shop; it is gone again afterwards."""
    path = shop / SETTINGS_FILE
    path.unlink(missing_ok=True)
    return lambda: path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.fixture(autouse=True)
def tidy(shop: Path) -> object:
    yield
    (shop / SETTINGS_FILE).unlink(missing_ok=True)
    return None


def test_a_surface_is_changed_and_the_next_slate_follows(
    shop: Path, own_rules: Callable[[], str]
) -> None:
    async def walk(user: User) -> None:
        await user.open("/surfaces?edit=home")
        await user.should_see("Change home")
        user.find("length").clear().type("2")
        user.find("Save").click()
        await user.should_see("Done: the next slate of home follows.", retries=50)
        await user.open("/slates")
        await user.should_see("Scores by source")
        assert len(user.find(kind=None, content="Tell me why").elements) == 2

    visit(shop, walk)
    assert "length = 2" in own_rules()


def test_a_wrong_setting_is_told_with_its_key_and_nothing_is_written(
    shop: Path, own_rules: Callable[[], str]
) -> None:
    async def walk(user: User) -> None:
        await user.open("/surfaces?edit=home")
        user.find("filter").type("price <")
        user.find("Save").click()
        await user.should_see("surfaces.home.filter", retries=50)
        await user.should_see("What to do: filter: Which items may be shown here")

    visit(shop, walk)
    assert own_rules() == ""


def test_a_rule_that_was_tried_becomes_one_of_the_surface(
    shop: Path, own_rules: Callable[[], str]
) -> None:
    async def walk(user: User) -> None:
        await user.open("/slates")
        user.find("Only items where").type("price < 3")
        await user.should_see("With the change", retries=50)
        user.find("Make this a rule of home").click()
        await user.should_see("See or change the rules of home", retries=50)
        await user.should_see("In force on home:")
        assert 'filter = "price < 3"' in own_rules()
        await user.open("/slates")
        await user.should_see("only where price < 3 ×", retries=50)
        user.find("only where price < 3 ×").click()
        await user.should_not_see("In force on home:", retries=50)

    visit(shop, walk)
    assert "price < 3" not in own_rules()


def test_another_weight_is_looked_at_side_by_side(shop: Path) -> None:
    async def walk(user: User) -> None:
        await user.open("/slates")
        await user.should_see("What sources count for")
        user.find(kind=ui.number, content="ease").clear().type("0")
        await user.should_see("As it is", retries=50)

    visit(shop, walk)


def test_somebody_who_trains_already_is_told(shop: Path) -> None:
    job = Job(id="t000900", state="starting", created=system_clock())
    folder = jobs_folder(shop)
    write_job(folder, job)

    async def walk(user: User) -> None:
        await user.open("/models")
        user.find("Start").click()
        await user.should_see("t000900", retries=50)
        await user.should_see("wait for it to finish", retries=50)

    try:
        visit(shop, walk)
    finally:
        for file in folder.glob("t000900*"):
            file.unlink()


def test_a_service_that_comes_back_is_read_again(shop: Path) -> None:
    async def run() -> None:
        app = create_app(shop)
        there = httpx.ASGITransport(app)

        class Moody(httpx.AsyncBaseTransport):
            away = True

            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                if self.away:
                    raise httpx.ConnectError("refused", request=request)
                return await there.handle_async_request(request)

        moody = Moody()
        async with app.router.lifespan_context(app):
            visits = Visits("http://shop", transport=moody)
            async with simulation() as user:
                register_pages(visits)
                await user.open("/slates")
                await user.should_see("The service does not answer")
                moody.away = False
                await user.open("/slates")
                await user.should_see("Scores by source")
                moody.away = True
                user.find("Only items where").type("price < 3")
                await user.should_see("The service does not answer", retries=100)
                await user.should_see("Scores by source")
            await visits.close()

    asyncio.run(run())


def test_a_key_that_was_revoked_leads_back_to_the_door(shop: Path) -> None:
    ring = KeyRing(shop)
    kept, _ = ring.create(scopes=["admin"])
    lost, secret = ring.create(scopes=["read"])

    async def walk(user: User) -> None:
        await user.open("/chat")
        user.find("Key").type(secret)
        user.find("Enter").click()
        await asyncio.sleep(0.5)
        ring.revoke(lost.id)
        await user.open("/items")
        await user.should_see("This needs a key")
        await user.should_see("Sign in")
        await user.should_not_see(HOSTILE)

    try:
        visit(shop, walk)
    finally:
        ring.revoke(kept.id)


def test_the_service_begins_the_conversation_with_what_it_offers(shop: Path) -> None:
    async def walk(user: User) -> None:
        await user.open("/chat")
        await user.should_see("answered by", retries=200)
        await user.should_see("Here is something for you")

    visit(shop, walk)


def test_hostile_titles_stay_texts_in_slates_and_conversations(shop: Path) -> None:
    async def walk(user: User) -> None:
        await user.open("/slates")
        await user.should_see(HOSTILE)
        await user.open("/chat")
        user.find("Say something").type(HOSTILE)
        user.find("Send").click()
        await user.should_see("answered by", retries=200)
        await user.should_see(HOSTILE)

    visit(shop, walk)


@pytest.mark.parametrize("kind", ["user", "item"])
def test_of_a_hundred_thousand_rows_a_page_is_drawn_and_one_is_found(
    tmp_path: Path, kind: str
) -> None:
    ids = [f"{kind}-{k:06}" for k in range(100_000)]
    told = [f'{{"title":"Number {k}"}}' for k in range(100_000)]
    with open_workspace(tmp_path / "big") as workspace:
        workspace.stores.entities.upsert(kind, make_entities(ids, list(told)))  # type: ignore[arg-type]

    async def walk(user: User) -> None:
        await user.open(f"/{kind}s")
        await user.should_see("Next")
        await user.should_not_see(f"{kind}-077777")
        if kind == "user":
            user.find("A text in the id or the attributes").type("NUMBER 77777")
            user.find("Search").click()
        else:
            user.find("Search by meaning, words or id").type("NUMBER 77777")
            user.find("Containing this text").click()
        await user.should_see(f"{kind}-077777", retries=100)
        await user.should_not_see("Next")

    visit(tmp_path / "big", walk)


@pytest.mark.parametrize(
    ("path", "given", "before", "expected"),
    [
        ("length", 12.0, 10, 12),
        ("rules.caps", "brand = 2\n\n a=b = 1 ", {}, {"brand": 2, "a=b": 1}),
        ("rules.exclude", " x \n\ny", [], ["x", "y"]),
        ("memory.hide_seen", "", None, None),
        ("memory.hide_seen", "false", None, False),
        ("length", None, 10, None),
    ],
)
def test_a_field_is_read_as_its_setting_is(
    path: str, given: object, before: object, expected: object
) -> None:
    assert read_field(path, given, before) == expected


def test_what_is_written_is_read_back() -> None:
    for value in ({"brand": 2, "year": 1.5}, ["a", "b c"]):
        assert read_field("x", written(value), value) == value  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"rules\.caps: brand"):
        read_field("rules.caps", "brand", {})
