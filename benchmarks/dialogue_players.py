"""What is played against: the conversation, or plain semantic search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from dialogue_checks import Turn

from zhiyin.core.keys import id_key
from zhiyin.narrate.chat import CatalogueTools, ChatState, converse
from zhiyin.narrate.language import listed, quoted
from zhiyin.pipeline.workspace import Workspace

SLATE = 5
_MADE: dict[tuple[int, int], CatalogueTools] = {}


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
    """The grammar over records in memory, with the workspace's search."""

    note = ""

    def __init__(self, shop: Workspace, user_id: str) -> None:
        log = shop.folder / "changes.log"
        key = (id(shop), log.stat().st_size if log.exists() else 0)
        if key not in _MADE:
            ids: list[str] = shop.stores.entities.scan("item", columns=["id"])["id"].to_list()
            records = shop.stores.entities.get("item", ids)
            _MADE.clear()
            _MADE[key] = CatalogueTools(
                records, search=lambda text, n: shop.search(text, n=n).item_ids
            )
        self._tools = _MADE[key]
        self._state = ChatState(user_id=user_id)
        self._shop = shop

    def say(self, message: str) -> Turn:
        """One turn."""
        reply, self._state = converse(message, self._state, tools=self._tools, n=SLATE)
        state, user = self._state, self._state.user_id or ""
        edits = self._shop.stores.profiles.edits(id_key(user)) if self._shop.stores.profiles else []
        return Turn(
            text=reply.text,
            item_ids=reply.item_ids,
            acts=reply.acts,
            about=[reply.about] if reply.about else [],
            tools=reply.tools,
            wishes=[(w.field, w.op, str(w.value)) for w in state.wishes],
            kept=[edit.subject for edit in edits],
        )

    def leave(self) -> None:
        """Nothing is kept."""


def open_player(name: str) -> Callable[[Workspace, str], Player]:
    """What starts a dialogue: the baseline, or the conversation with a model or none."""
    return Searching if name == "search" else Talking
