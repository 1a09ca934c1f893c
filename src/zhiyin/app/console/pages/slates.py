"""The slate inspector: what somebody gets, why, and what would change it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote

from nicegui import ui
from nicegui.element import Element

from zhiyin.app.console.comparing import draw_comparison
from zhiyin.app.console.drawing import difference, draw_slate, examples
from zhiyin.app.console.in_force import InForce
from zhiyin.app.console.parts import (
    box,
    button,
    card,
    download,
    empty,
    fault,
    guarded,
    text,
)
from zhiyin.app.console.person import draw_person
from zhiyin.app.console.telling import tell_why
from zhiyin.app.console.titles import title_in, titles_of
from zhiyin.app.console.visits import Visit
from zhiyin.app.console.weighing import Weighing, is_ranked, own_weights
from zhiyin.client import InvalidError, ServiceError
from zhiyin.core.slate import Slate


@dataclass(slots=True)
class Question:
    """What is asked for.

    Attributes:
        user: For whom; empty for an anonymous session.
        surface: Where it would be shown.
        n: How many items; None: as many as the surface has.
        filter: Only items for which this holds.
        boost: What scores are multiplied with.
        events: Items that were looked at in the what-if session, oldest first.
        weights: What sources count for, where that differs from the model.
    """

    user: str = ""
    surface: str = "home"
    n: int | None = None
    filter: str = ""
    boost: str = ""
    events: list[str] = field(default_factory=list[str])

    weights: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def is_changed(self) -> bool:
        """Whether it differs from what the user would get."""
        return bool(self.filter or self.boost or self.events or self.weights)


async def build(visit: Visit) -> None:
    """The inspector."""
    health = await visit.client.read_overview()
    if health.model_version is None:
        words = visit.words
        empty(words("No model yet"), words("Slates need a model."), "zhiyin train")
        return
    surfaces = [surface.name for surface in await visit.client.read_surfaces()]
    user = visit.query.get("user")
    if user is None:
        people = await visit.client.list_users(limit=1)
        user = people.users[0].user_id if people.users else ""
    asked = visit.query.get("surface", "home")
    question = Question(user=user, surface=asked if asked in surfaces else surfaces[0])
    await Inspector(visit, question, surfaces).open()


class Inspector:
    """The controls, and the slate that follows them.

    Args:
        visit: Who looks.
        question: What is asked for at first.
        surfaces: Names of the surfaces.
    """

    def __init__(self, visit: Visit, question: Question, surfaces: Sequence[str]) -> None:
        self._visit = visit
        self._words = visit.words
        self._question = question
        self._surfaces = list(surfaces)
        self._as_list = visit.query.get("view") == "list"
        self._turn = 0
        self._usual: tuple[tuple[str, str, int | None], Slate] | None = None
        self._last: Slate | None = None

    async def open(self) -> None:
        """Draws the controls, and the first slate."""
        words, question = self._words, self._question
        with card(words("Whom, and where")):
            with box("div", "zy-form"):
                self._input("user", words("User (empty: anybody)"))
                surface = ui.select(
                    self._surfaces,
                    value=question.surface,
                    label=words("Surface"),
                    on_change=lambda event: self._set("surface", event.value),
                )
                surface.props("outlined dense").classes("zy-input")
                length = ui.number(
                    words("Length (empty: usual)"),
                    value=question.n,
                    min=1,
                    max=100,
                    format="%d",
                    on_change=lambda event: self._set(
                        "n", int(event.value) if event.value else None
                    ),
                )
                length.props("outlined dense debounce=250").classes("zy-input")
                button(words("Somebody else"), self._somebody_else)
            self._person = box("div")
        with card(words("What if")):
            text(
                "p",
                words("Change a rule or add an event: the slate below follows. Nothing is stored."),
                "zy-soft",
            )
            self._in_force = InForce(self._visit, box("div", "zy-row zy-force"), self._changed)
            self._examples = box("div", "zy-row")
            with box("div", "zy-form"):
                self._filter = self._input("filter", words("Only items where"), wide=True)
                self._boost = self._input("boost", words("Multiply scores with"), wide=True)
            with box("div", "zy-form"):
                self._find = ui.input(words("Add an event: an item that was looked at"))
                self._find.props("outlined dense").classes("zy-input wide")
                self._find.on("keydown.enter", self._look_for)
                button(words("Find"), self._look_for)
                button(words("Take everything back"), self._reset)
            self._found = box("div", "zy-row")
            self._events = box("div", "zy-row")
            self._sources = box("div")
            self._keeping = box("div", "zy-row")
        own = own_weights(await self._visit.client.list_models())
        self._weighing = Weighing(words, own, self._weigh)
        self._head = box("div", "zy-row")
        self._state = box("div", role="status")
        self._place = box("div")
        await asyncio.gather(
            self.follow(),
            self._in_force.draw(question.surface),
            draw_person(self._visit, question.user, self._person),
        )

    def _input(self, name: str, label: str, *, wide: bool = False) -> ui.input:
        made = ui.input(
            label,
            value=getattr(self._question, name),
            on_change=lambda event: self._set(name, (event.value or "").strip()),
        )
        made.props("outlined dense debounce=250 autocomplete=off")
        return made.classes("zy-input wide" if wide else "zy-input")

    async def _set(self, name: str, value: object) -> None:
        if getattr(self._question, name) != value:
            setattr(self._question, name, value)
            await self.follow()
            if name == "surface":
                await self._in_force.draw(self._question.surface)
            elif name == "user":
                await draw_person(self._visit, self._question.user, self._person)

    async def _weigh(self) -> None:
        self._question.weights = self._weighing.values
        await self.follow()

    async def follow(self) -> None:
        """Asks for the slate anew; only the newest question's answer is drawn."""
        self._turn += 1
        turn, began = self._turn, time.perf_counter()
        try:
            slate = await self._ask(changed=True)
            milliseconds = (time.perf_counter() - began) * 1000
            usual = await self._usual_slate(slate)
        except ServiceError as error:
            if turn == self._turn:
                self._say(error)
            return
        if turn != self._turn:
            return
        cited = [e.item_id for p in slate.positions for e in p.evidence if e.item_id is not None]
        shown = [*slate.item_ids, *usual.item_ids]
        titles = await titles_of(self._visit, [*cited, *shown, *self._question.events])
        if turn == self._turn:
            self._last = slate
            self._draw(slate, usual, titles, milliseconds)

    async def _ask(self, *, changed: bool) -> Slate:
        question = self._question
        slate = await self._visit.client.recommend(
            question.user or None,
            n=question.n,
            surface=question.surface,
            session=question.events if changed else (),
            filter=question.filter if changed else "",
            boost=question.boost if changed else "",
            weights=question.weights if changed else None,
            explain=changed,
            return_properties=True,
            log=False,
        )
        for position in slate.positions:
            known = title_in(position.item_id, position.properties)
            self._visit.remember(position.item_id, known)
        return slate

    async def _usual_slate(self, slate: Slate) -> Slate:
        """What the user gets without any change, to compare with."""
        question = self._question
        key = (question.user, question.surface, question.n)
        if not question.is_changed:
            self._usual = key, slate
        elif self._usual is None or self._usual[0] != key:
            self._usual = key, await self._ask(changed=False)
        assert self._usual is not None
        return self._usual[1]

    def _say(self, error: ServiceError) -> None:
        self._state.clear()
        with self._state:
            fault(error, self._words)
            if isinstance(error, InvalidError):
                text("p", self._words("Below is the slate as it was."), "zy-soft")

    def _draw(
        self, slate: Slate, usual: Slate, titles: dict[str, str], milliseconds: float
    ) -> None:
        words, question = self._words, self._question
        for part in (self._state, self._place, self._head, self._events):
            part.clear()
        with self._head:
            text("h2", words("The slate"))
            told = words("answered in {n} ms", n=round(milliseconds))
            made = f"{told} · {slate.policy} · {slate.odds} · {slate.model_version}"
            text("span", made, "zy-soft zy-grow")
            for view, name in ((False, "Cards"), (True, "List")):
                one = button(words(name), partial(self._view, view), kind="quiet")
                one.props["aria-pressed"] = "true" if view == self._as_list else "false"
            download(
                words,
                ("place", "item_id", "title", "score", "propensity"),
                [
                    (k, p.item_id, title_in(p.item_id, p.properties), p.score, p.propensity)
                    for k, p in enumerate(slate.positions, start=1)
                ],
                file="slate",
            )
        with self._state:
            for line in slate.fallbacks:
                text("p", words("Note: {line}", line=line), "zy-soft")
            for rule in slate.lost_rules:
                text("p", f"{rule.rule}: {rule.lost_to}. {rule.why}", "zy-soft")
            if question.is_changed:
                text("p", difference(slate, usual, words))
                draw_comparison(slate, usual, titles, words)
        with self._events:
            for k, item in enumerate(question.events):
                button(
                    f"{titles.get(item, item)} ×",
                    partial(self._drop, k),
                    kind="quiet",
                    label=words("Take the event on {item} back", item=titles.get(item, item)),
                )
        self._offer(slate)
        self._keep()
        with self._place:
            if slate.positions:
                told = words(
                    "Why: what they did that speaks for the item, and how much of it. Scores by "
                    "source: what each model adds; below zero it speaks against the item."
                )
                text("p", told, "zy-soft")
            else:
                told = words("Nothing is left: the filter may be too narrow, or all was seen.")
                empty(words("An empty slate"), told)
            draw_slate(
                slate,
                usual,
                titles,
                words,
                as_list=self._as_list,
                look_at=self._look_at,
                explain=self._tell_why if question.user else None,
            )

    def _keep(self) -> None:
        """Offers to make the rule that is tried one of the surface."""
        words, question = self._words, self._question
        self._keeping.clear()
        if not (question.filter or question.boost):
            return
        with self._keeping:
            button(
                words("Make this a rule of {surface}", surface=question.surface),
                guarded(self._make_rule, words),
                kind="main",
            )
            text("span", words("For everybody, from the next slate on."), "zy-soft")

    async def _make_rule(self) -> None:
        question, client = self._question, self._visit.client
        surface = await client.read_surface(question.surface)
        changes: dict[str, Any] = {}
        if question.filter:
            both = [surface.settings.get("filter"), question.filter]
            changes["filter"] = " and ".join(
                f"({one})" if all(both) else one for one in both if one
            )
        if question.boost:
            changes["boosts"] = [*surface.settings.get("boosts", []), question.boost]
        await client.patch_surface(question.surface, changes, if_match=surface.etag)
        told = self._words("Done: {surface} follows this rule now.", surface=question.surface)
        ui.notify(told, type="positive")
        await self._reset()
        await self._changed()

    async def _changed(self) -> None:
        """Draws anew what the surface's own rules made different."""
        self._usual = None
        await self.follow()
        await self._in_force.draw(self._question.surface)

    def _offer(self, slate: Slate) -> None:
        """Rules and weights to try, made from what the slate holds."""
        if not self._sources.default_slot.children:
            with self._sources:
                self._weighing.draw(ranked=is_ranked(slate))
        if self._examples.default_slot.children:
            return
        with self._examples:
            offered = examples(slate, self._words)
            if offered:
                text("span", self._words("Try:"), "zy-soft")
            for name, expression, told in offered:
                field_ = self._filter if name == "filter" else self._boost
                made = button(told, partial(field_.set_value, expression), kind="offer")
                made.props["title"] = expression

    async def _view(self, as_list: bool) -> None:
        self._as_list = as_list
        await self.follow()

    async def _drop(self, k: int) -> None:
        self._question.events.pop(k)
        await self.follow()

    async def _reset(self) -> None:
        self._question.events.clear()
        self._question.filter = self._question.boost = ""
        self._filter.set_value("")
        self._boost.set_value("")
        self._weighing.reset()
        self._question.weights = {}
        self._found.clear()
        await self.follow()

    async def _look_at(self, item_id: str) -> None:
        """Adds an event of the what-if session."""
        self._question.events.append(item_id)
        self._found.clear()
        await self.follow()

    async def _tell_why(self, item_id: str, place: Element) -> None:
        question = self._question
        await tell_why(
            self._visit, place, user=question.user, item=item_id, surface=question.surface
        )

    async def _look_for(self) -> None:
        wanted = (self._find.value or "").strip()
        if not wanted:
            return
        try:
            hits = (await self._visit.client.search(wanted, n=6)).hits
        except ServiceError as error:
            self._say(error)
            return
        self._found.clear()
        with self._found:
            for hit in hits:
                self._visit.remember(hit.item_id, hit.title or hit.item_id)
                button(
                    f"+ {hit.title or hit.item_id}",
                    partial(self._look_at, hit.item_id),
                    kind="quiet",
                )
            if not hits:
                text("span", self._words("Nothing found."), "zy-soft")

    async def _somebody_else(self) -> None:
        found: Any = await self._visit.client.list_users(limit=200)
        ids = [one.user_id for one in found.users]
        if ids:
            # The list is in the order of a hash: the next one is as good as a draw.
            place = next((k for k, one in enumerate(ids) if one == self._question.user), -1)
            ui.navigate.to(f"/slates?user={quote(ids[(place + 1) % len(ids)], safe='')}")
