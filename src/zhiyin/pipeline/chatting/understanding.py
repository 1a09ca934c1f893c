"""What a query means: filters that the catalogue knows, and the words that are left."""

from __future__ import annotations

from typing import Protocol

from zhiyin.core.messages.chat import ChatWish
from zhiyin.core.messages.search import SearchResult, Understood
from zhiyin.narrate.chat import ChatState, Wish, WishTable
from zhiyin.narrate.chat.grammar import understand
from zhiyin.narrate.chat.looking import spoken
from zhiyin.pipeline.artifacts import ArtifactFolder
from zhiyin.pipeline.chatting.service import Chats
from zhiyin.pipeline.chatting.tools import Talked
from zhiyin.pipeline.search.asking import taste_of

_INTENTS = {"refuse": "refused", "unclear": "browse", "unknown": "find"}


class Understanding(Talked, Protocol):
    """What of a workspace is asked."""

    artifacts: ArtifactFolder

    @property
    def chats(self) -> Chats:
        """The conversations."""
        ...


def understood(text: str, table: WishTable) -> tuple[Understood, list[Wish]]:
    """A query as intent, filters and words that are left to be searched for.

    Args:
        text: The query.
        table: The catalogue.
    """
    meaning = understand(text, ChatState(), table.vocabulary)
    wishes = list(meaning.wishes)
    if wishes and not table.count(wishes):
        wishes = []  # what nothing keeps is left to the words
    rewrite = " ".join(spoken(meaning.topic)) if wishes else text
    intent = _INTENTS.get(meaning.act, "browse" if wishes and not meaning.topic else "find")
    filters = [
        ChatWish(field=wish.field, op=wish.op, value=wish.value, or_else=list(wish.or_else))
        for wish in wishes
    ]
    order = None if meaning.order is None else f"{meaning.order[0]} {meaning.order[1]}"
    return Understood(intent=intent, filters=filters, rewrite=rewrite, order=order), wishes


def understood_search(
    workspace: Understanding, text: str, *, n: int, user_id: str | None, explain: bool
) -> SearchResult:
    """A search for what a query means: filters are kept by every hit.

    Args:
        workspace: Which catalogue.
        text: The query.
        n: How many items at most.
        user_id: For whom.
        explain: Whether to say what matched.
    """
    table = workspace.chats.table.current()
    meant, wishes = understood(text, table)
    taste, note = taste_of(workspace, user_id)
    found = workspace.searcher().search(
        meant.rewrite or text,
        n=n,
        user_id=user_id,
        taste=taste,
        explain=explain,
        among=table.chosen(wishes) if wishes else None,
    )
    notes = [*found.fallbacks, note] if note else found.fallbacks
    return found.model_copy(update={"query": text, "understood": meant, "fallbacks": notes})
