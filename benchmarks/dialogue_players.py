"""What is played against: the conversation, or plain semantic search."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import jsonschema_rs
from dialogue_checks import Turn

from zhiyin.core.keys import id_key
from zhiyin.core.messages import ChatAnswer, ChatMessage
from zhiyin.core.protocols import Form, LanguageModel, Prompt, Reply
from zhiyin.narrate.chat.rewording import WISH_SCHEMA
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


class Counted:
    """A model whose answers are held against the schema that they were asked to follow.

    Nothing is changed: what ``accept`` is asked about is looked at on the way.
    """

    def __init__(self, model: LanguageModel, counts: Counter[str]) -> None:
        self._model = model
        self._counts = counts
        self._schema = jsonschema_rs.validator_for(WISH_SCHEMA)

    @property
    def id(self) -> str:
        """Of the model."""
        return self._model.id

    def answer(
        self, prompts: Sequence[Prompt], *, schema: Form, accept: Callable[[str], bool]
    ) -> list[Reply]:
        """The model's, counted: valid as it came, mended, on asking again, or refused."""
        texts: list[tuple[bool, bool]] = []

        def look(text: str) -> bool:
            kept = accept(text)
            texts.append((self._is_valid(text), kept))
            return kept

        found = self._model.answer(prompts, schema=schema, accept=look)
        self._counts["asked"] += len(prompts)
        if texts:
            valid, kept = texts[0]
            self._counts["valid as they came"] += valid
            self._counts["valid after mending"] += kept and not valid
            self._counts["valid on asking again"] += len(texts) > 1 and texts[-1][1]
        self._counts["refused, answered without"] += sum(reply.text is None for reply in found)
        return found

    def stream(self, prompt: Prompt) -> Iterator[Reply]:
        """The model's."""
        return self._model.stream(prompt)

    def usage(self) -> dict[str, float]:
        """The model's."""
        return self._model.usage()

    def _is_valid(self, text: str) -> bool:
        try:
            return bool(self._schema.is_valid(json.loads(text)))
        except ValueError:
            return False


COUNTS: Counter[str] = Counter()
"""Structured answers of the model, and replies, over all turns."""
_REPLY = jsonschema_rs.validator_for(ChatAnswer.model_json_schema(mode="serialization"))


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
        COUNTS["replies"] += 1
        COUNTS["replies that fit the schema"] += _REPLY.is_valid(
            json.loads(answer.model_dump_json())
        )
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
