"""What is played against: the conversation, or plain semantic search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from dialogue_checks import Turn

from zhiyin.core.keys import id_key
from zhiyin.core.messages import ChatMessage
from zhiyin.narrate.language import listed, quoted
from zhiyin.pipeline.workspace import Workspace

SLATE = 5


class Player(Protocol):
    """Somebody to talk to."""

    note: str

    def say(self, message: str) -> Turn:
        """The answer to a message."""
        ...

    def leave(self) -> None:
        """The end of the dialogue."""
        ...


class Searching:
    """Plain semantic search of every turn's words: what a grammar must beat."""

    note = ""

    def __init__(self, shop: Workspace, user_id: str) -> None:
        del user_id
        self._shop = shop

    def say(self, message: str) -> Turn:
        """The nearest items."""
        hits = self._shop.search(message, n=SLATE).hits
        titles = listed([quoted(hit.title) for hit in hits], "en")
        return Turn(text=titles or "-", item_ids=[hit.item_id for hit in hits], acts=["shows"])

    def leave(self) -> None:
        """Nothing is kept."""


class Talking:
    """The conversation of a workspace, with the model of its settings or with none."""

    def __init__(self, shop: Workspace, user_id: str) -> None:
        self._shop = shop
        self._user_id = user_id
        self._session: str | None = None
        self.note = ""
        shop.profiles.reset(user_id)

    def say(self, message: str) -> Turn:
        """One turn."""
        said = ChatMessage(
            message=message, session_id=self._session, user_id=self._user_id, n=SLATE
        )
        answer = self._shop.chats.say(said)
        self._session = answer.session_id
        self.note = f"{answer.topic!r} by {answer.made_by}"
        edits = (
            self._shop.stores.profiles.edits(id_key(self._user_id))
            if self._shop.stores.profiles
            else []
        )
        topic = [("title", "has", answer.topic)] if answer.topic else []
        return Turn(
            text=answer.text,
            item_ids=answer.item_ids,
            acts=answer.acts,
            about=answer.about,
            tools=answer.tools,
            wishes=[*((w.field, w.op, str(w.value)) for w in answer.wishes), *topic],
            kept=[edit.subject for edit in edits],
        )

    def leave(self) -> None:
        """What was kept of this user is taken back."""
        self._shop.profiles.reset(self._user_id)


def open_player(name: str) -> Callable[[Workspace, str], Player]:
    """What starts a dialogue: the baseline, or the conversation."""
    return Searching if name == "search" else Talking
