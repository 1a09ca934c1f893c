"""A playground for the conversation: what is said, what is shown, and what is in force."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from nicegui import ui
from nicegui.element import Element

from zhiyin.app.console.parts import box, button, card, empty, fault, link, text
from zhiyin.app.console.visits import Visit
from zhiyin.client import ServiceError
from zhiyin.core.messages import ChatAnswer, ChatWish

_MOST_EXAMPLES = 4


async def build(visit: Visit) -> None:
    """The playground."""
    words = visit.words
    overview = await visit.client.read_overview()
    if overview.model_version is None:
        empty(words("No model yet"), words("A conversation needs a model."), "zhiyin train")
        return
    user = visit.query.get("user")
    if user is None:
        people = await visit.client.list_users(limit=1)
        user = people.users[0].user_id if people.users else ""
    await Chat(visit, user).open()


class Chat:
    """One conversation.

    Args:
        visit: Who looks.
        user: Whom the conversation is with; empty: somebody unknown.
    """

    def __init__(self, visit: Visit, user: str) -> None:
        self._visit = visit
        self._words = visit.words
        self._user = user
        self._session: str | None = None
        self._busy = False

    async def open(self) -> None:
        """Draws the controls, and what is offered from what is recorded of the user."""
        words = self._words
        with card(words("Whom")), box("div", "zy-form"):
            who = ui.input(words("User (empty: anybody)"), value=self._user)
            who.props("outlined dense autocomplete=off").classes("zy-input")
            who.on("keydown.enter", lambda: self._start((who.value or "").strip()))
            button(words("Begin anew"), lambda: self._start((who.value or "").strip()))
        self._turns = box("ol", "zy-turns", aria_live="polite")
        self._state = box("div", "zy-row")
        with box("div", "zy-form"):
            self._said = ui.input(words("Say something"))
            self._said.props("outlined dense autocomplete=off").classes("zy-input wide")
            self._said.on("keydown.enter", lambda: self._say(self._said.value or ""))
            button(words("Send"), lambda: self._say(self._said.value or ""), kind="main")
            self._remember = ui.checkbox(words("May be remembered in the profile"))
        await self._offer()
        ui.timer(0, self._greet, once=True)

    async def _offer(self) -> None:
        """Things to say, from what this user would be shown."""
        words = self._words
        try:
            slate = await self._visit.client.recommend(
                self._user or None, return_properties=True, log=False
            )
        except ServiceError:
            return
        shown = [position.properties for position in slate.positions]
        told = [str(item["title"]) for item in shown if item.get("title")][:1]
        tags = [
            str(tag)
            for item in shown
            if isinstance(tag := (item.get("categories") or [""])[0], str) and tag
        ]
        offers = [words("What do you recommend?")]
        offers += [words("Something like {title}", title=title) for title in told]
        offers += [words("No {tag} please", tag=tag) for tag in list(dict.fromkeys(tags))[:1]]
        offers.append(words("Why the first one?"))
        with box("div", "zy-row"):
            for offer in offers[:_MOST_EXAMPLES]:
                button(offer, partial(self._say, offer), kind="offer")

    async def _start(self, user: str) -> None:
        self._user, self._session = user, None
        self._turns.clear()
        self._state.clear()
        await self._greet()

    async def _greet(self) -> None:
        """Lets the service begin: a slate, and why, where something is recorded."""
        if not self._busy:
            await self._ask(None)

    async def _say(self, message: str) -> None:
        message = message.strip()
        if not message or self._busy:
            return
        self._said.set_value("")
        with self._turns, box("li", "zy-turn mine"):
            text("p", message)
        await self._ask(message)

    async def _ask(self, message: str | None) -> None:
        """Draws what the service says to a message; to None, how it begins."""
        self._busy = True
        with self._turns, box("li", "zy-turn") as answer:
            waiting = text("p", self._words("…"), "zy-soft")
        try:
            told = await self._visit.client.chat(
                message,
                session_id=self._session,
                user_id=self._user or None,
                remember=message is not None and bool(self._remember.value),
                language="zh" if self._words.language == "zh" else "en",
            )
        except ServiceError as error:
            answer.clear()
            with answer:
                fault(error, self._words)
            return
        finally:
            self._busy = False
        waiting.delete()
        self._session = told.session_id
        self._answer(answer, told)

    def _answer(self, place: Element, told: ChatAnswer) -> None:
        words = self._words
        with place:
            text("p", told.text).style("white-space: pre-wrap")
            if told.items:
                with box("ol", "zy-found"):
                    for item in told.items:
                        with box("li"):
                            where = f"/items?item={quote(item.item_id, safe='')}"
                            link(item.title or item.item_id, where)
            for line in told.fallbacks:
                text("p", words("Note: {line}", line=line), "zy-soft")
            by = ", ".join([told.made_by, *told.tools])
            text("p", words("answered by {by}", by=by), "zy-soft")
        self._state.clear()
        with self._state:
            for wish in told.wishes:
                text("span", _written(wish), "zy-tag")
            if told.topic:
                text("span", f"“{told.topic}”", "zy-tag")
            for tag in told.remembered:
                text("span", words("remembered: {tag}", tag=tag), "zy-tag new")


def _written(wish: ChatWish) -> str:
    values = " / ".join([str(wish.value), *wish.or_else])
    return f"{wish.field} {wish.op} {values}"
