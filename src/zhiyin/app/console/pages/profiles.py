"""Interest profiles: what is known of somebody's tastes, why, and how to change it."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from nicegui import ui

from zhiyin.app.console.parts import (
    bars,
    box,
    button,
    card,
    empty,
    fault,
    guarded,
    link,
    meter,
    moment,
    text,
)
from zhiyin.app.console.titles import titles_of
from zhiyin.app.console.visits import Visit
from zhiyin.client import ServiceError
from zhiyin.core.messages import Interest, ProfileView

_MOST = 40
_CHARTED = 12


async def build(visit: Visit) -> None:
    """The profile of one user."""
    await Profile(visit).open()


class Profile:
    """A profile, and its edits.

    Args:
        visit: Who looks.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._user = visit.query.get("user", "")

    async def open(self) -> None:
        """Draws whose it is, and the profile."""
        words = self._words
        if not self._user:
            people = await self._visit.client.list_users(limit=1)
            self._user = people.users[0].user_id if people.users else ""
        with box("div", "zy-form", role="search"):
            wanted = ui.input(words("The id of a user"), value=self._user)
            wanted.props("outlined dense").classes("zy-input wide")

            def go() -> None:
                ui.navigate.to(f"/profiles?user={quote((wanted.value or '').strip(), safe='')}")

            wanted.on("keydown.enter", go)
            button(words("Look up"), go, kind="main")
        self._place = box("div")
        if not self._user:
            with self._place:
                empty(words("No users"), words("There is nobody yet whose profile could be read."))
            return
        with self._place:
            told = words("Reading… after a start the whole catalogue is read once.")
            text("p", told, "zy-soft zy-waiting").props["role"] = "status"
        # The page answers at once; the first profile after a start may take a while.
        ui.timer(0.05, self._fetch, once=True)

    async def _fetch(self) -> None:
        try:
            view = await self._visit.client.read_profile(self._user)
        except ServiceError as error:
            self._place.clear()
            with self._place:
                fault(error, self._words)
            return
        await self._draw(view)

    async def _draw(self, view: ProfileView) -> None:
        words = self._words
        interests = view.interests[:_MOST]
        titles = await titles_of(self._visit, [i for one in interests for i in one.evidence.items])
        self._place.clear()
        with self._place:
            with card(words("What {user} would like", user=view.user_id)):
                text("p", words("{n} events were read.", n=view.events), "zy-soft")
                self._wishes(view)
                link(
                    words("The slate that follows"), f"/slates?user={quote(view.user_id, safe='')}"
                )
            if not interests:
                told = words("Nothing is known yet: events, a wish or a pin begin a profile.")
                empty(words("An empty profile"), told)
                return
            with card():
                rows = [
                    (" · ".join(reversed(i.tag.split(":", 1))), i.weight, f"{i.weight:+.2f}")
                    for i in interests[:_CHARTED]
                ]
                columns = ("tag", "weight")
                title = words("Interests")
                bars(title, rows, words=words, columns=columns, file="profile", full=1.0)
            with card(words("Each interest, and what it rests on")), box("ul", "zy-slate"):
                for interest in interests:
                    with box("li", "zy-place"):
                        self._interest(interest, titles)

    def _wishes(self, view: ProfileView) -> None:
        words = self._words
        with box("div", "zy-row"):
            for wish in view.wishes:
                button(
                    f"“{wish}” ×",
                    partial(self._edit, "forget", wish),
                    kind="quiet",
                    label=words("Forget this wish"),
                )
            for tag in view.unknown:
                button(f"{tag} ×", partial(self._edit, "forget", tag), kind="quiet")
        with box("div", "zy-form"):
            wish = ui.input(words("A wish, in words")).props("outlined dense")
            wish.classes("zy-input wide")
            wish.on("keydown.enter", lambda: self._edit("wish", wish.value or ""))
            button(words("Add"), lambda: self._edit("wish", wish.value or ""))
            button(words("Take all edits back"), self._reset)

    def _interest(self, interest: Interest, titles: dict[str, str]) -> None:
        words = self._words
        with box("header"):
            facet, _, name = interest.tag.partition(":")
            text("span", f"{name} · {facet}" if name else facet, "title")
            text("span", words(interest.source), "zy-tag")
            text("span", f"{interest.weight:+.2f}", "zy-soft")
        meter([("", interest.weight, "")], full=1.0)
        for line in self._facts(interest, titles):
            text("p", line, "zy-soft")
        with box("div", "zy-row"):
            for action, said in (("pin", "Pin"), ("mute", "Mute"), ("forget", "Forget")):
                button(
                    words(said),
                    partial(self._edit, action, interest.tag),
                    kind="quiet",
                    label=f"{words(said)}: {interest.tag}",
                )

    def _facts(self, interest: Interest, titles: dict[str, str]) -> list[str]:
        words, evidence = self._words, interest.evidence
        facts: list[str] = []
        for said, counts in (
            ("For it: {facts}", evidence.speaking_for),
            ("Against it: {facts}", evidence.speaking_against),
        ):
            if counts:
                listed = ", ".join(f"{name} × {n}" for name, n in counts.items())
                facts.append(words(said, facts=listed))
        if evidence.items:
            names = ", ".join(titles.get(item, item) for item in evidence.items)
            facts.append(words("Items: {names}", names=names))
        if evidence.queries:
            facts.append(words("Searches: {names}", names=", ".join(evidence.queries)))
        if evidence.groups:
            facts.append(words("Groups: {names}", names=", ".join(evidence.groups)))
        if evidence.last:
            facts.append(words("Last: {when}", when=moment(evidence.last)))
        return facts

    async def _edit(self, action: str, subject: str) -> None:
        subject = subject.strip()
        if not subject:
            return

        async def change() -> None:
            edit = {action: [subject]}
            await self._draw(await self._visit.client.edit_profile(self._user, **edit))

        await guarded(change, self._words, done="Done: the next slate knows.")()

    async def _reset(self) -> None:
        async def change() -> None:
            await self._visit.client.reset_profile(self._user)
            await self._draw(await self._visit.client.read_profile(self._user))

        await guarded(change, self._words, done="All edits were taken back.")()
