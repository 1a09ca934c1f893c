"""Users: who is known, and where to look at what they get."""

from __future__ import annotations

from urllib.parse import quote

from nicegui import ui

from zhiyin.app.console.paging import Paged
from zhiyin.app.console.parts import box, button, card, empty, fault, fields, link, readable, text
from zhiyin.app.console.parts import table as draw_table
from zhiyin.app.console.visits import Visit
from zhiyin.client import ServiceError

_PAGE = 50
_LONGEST = 120


async def build(visit: Visit) -> None:
    """The users."""
    await Users(visit).open()


class Users(Paged):
    """A list of users, and the one that is looked at.

    Args:
        visit: Who looks.
    """

    async def open(self) -> None:
        """Draws the look-up and the first page."""
        words = self._words
        with box("div", "zy-form", role="search"):
            wanted = ui.input(words("A text in the id or the attributes")).props("outlined dense")
            wanted.classes("zy-input wide").props["autocomplete"] = "off"
            wanted.on("keydown.enter", lambda: self._search(wanted.value or ""))
            button(words("Search"), lambda: self._search(wanted.value or ""), kind="main")
            button(words("Everybody"), lambda: self._search(""))
        self._one = box("div")
        self._list = box("div")
        user = self._visit.query.get("user")
        if user:
            await self._look_at(user)
        await self._page()

    async def _search(self, wanted: str) -> None:
        self._wanted = wanted.strip()
        self._one.clear()
        await self._first_page()

    async def _page(self) -> None:
        words = self._words
        page = await self._visit.client.list_users(
            limit=_PAGE, cursor=self._cursors[-1], containing=self._wanted
        )
        self._list.clear()
        with self._list:
            if not page.users and self._wanted:
                text("p", words("Nothing found."))
                return
            if not page.users:
                told = words("Users are known once somebody did something, or was imported.")
                empty(words("No users"), told, "zhiyin import --events events.csv")
                link(words("Import files here"), "/import")
                return
            draw_table(
                [words("Id"), words("What is known"), words("Look at")],
                [
                    [
                        lambda user=one.user_id: button(
                            user, lambda: self._look_at(user), kind="bare"
                        ),
                        _told(one.attributes),
                        lambda user=one.user_id: self._links(user),
                    ]
                    for one in page.users
                ],
                label=words("Users"),
            )
            self._turning(page.cursor)

    def _links(self, user: str) -> None:
        with box("div", "zy-row"):
            link(self._words("Slate"), f"/slates?user={quote(user, safe='')}")
            link(self._words("Profile"), f"/profiles?user={quote(user, safe='')}")

    async def _look_at(self, user: str) -> None:
        if not user:
            return
        self._one.clear()
        try:
            record = await self._visit.client.read_user(user)
        except ServiceError as error:
            with self._one:
                fault(error, self._words)
            return
        with self._one, card(user):
            fields(record.attributes)
            self._links(user)
        ui.run_javascript("window.scrollTo({top: 0})")


def _told(attributes: dict[str, object]) -> str:
    told = " · ".join(f"{name}: {readable(value)}" for name, value in attributes.items())
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1]}…"
