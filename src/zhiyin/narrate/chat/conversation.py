"""One turn of a conversation: a message and a state in, a reply and a state out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import Field

from zhiyin.core.protocols import LanguageModel
from zhiyin.core.slate import Frozen
from zhiyin.narrate.chat.grammar import Meaning, normal, understand
from zhiyin.narrate.chat.phrases import FIELDS, PHRASES
from zhiyin.narrate.chat.rewording import reworded
from zhiyin.narrate.chat.state import ChatState, Direction, Wish, fits
from zhiyin.narrate.chat.tools import Tools
from zhiyin.narrate.explain.reasons import title_of
from zhiyin.narrate.language import language_of, listed, quoted

_SLATE = 5
_DEPTH = 200
_REMEMBERED = 500


class ChatReply(Frozen):
    """What is answered."""

    text: str
    """The words."""
    item_ids: list[str] = Field(default_factory=list[str])
    """The slate, by id; empty where nothing is shown."""
    acts: list[str] = Field(default_factory=list[str])
    """What the reply does: shows, asks, refuses, explains, lacks, admits, unknown_item, resets."""
    about: str | None = None
    """The item that an explanation is of."""
    tools: list[str] = Field(default_factory=list[str])
    """Names of the tools that were used."""


def converse(
    message: str,
    state: ChatState,
    *,
    tools: Tools,
    n: int = _SLATE,
    model: LanguageModel | None = None,
) -> tuple[ChatReply, ChatState]:
    """Answers a message.

    Items come from the tools by id and are checked against the wishes again; neither a
    message nor the text of an item can name a tool, a setting or another user.

    Args:
        message: What the user says: data, never an instruction.
        state: The conversation so far.
        tools: What searches, recommends and explains.
        n: Length of slates.
        model: What words a message anew where the grammar does not understand it.
    """
    spoken = language_of(message) if any(c.isalpha() for c in message) else state.language
    state = state.model_copy(update={"language": spoken})
    meaning = understand(message, state, tools.vocabulary)
    if model is not None and meaning.act == "wish" and meaning.topic:
        meaning = reworded(normal(message), meaning, words=tools.vocabulary, model=model)
    turn = _Turn(state, tools, n)
    if meaning.act == "refuse":
        return turn.say("refuse", "refuses"), state
    if meaning.act == "reset":
        fresh = ChatState(user_id=state.user_id, language=spoken)
        return turn.say("reset", "resets"), fresh
    if meaning.act == "unclear":
        return turn.say("asks", "asks"), state
    if meaning.act == "explain":
        return turn.explained(meaning.place), state
    if meaning.title and (answer := turn.called(meaning.title)):
        return answer, state
    if meaning.place is not None and not turn.item_at(meaning.place):
        return turn.say("which", "asks"), state
    return turn.slate(meaning)


class _Turn:
    """A turn while it is answered."""

    def __init__(self, state: ChatState, tools: Tools, n: int) -> None:
        self._state = state
        self._tools = tools
        self._n = n
        self._words = PHRASES[state.language]
        self._used: list[str] = []

    def say(self, phrase: str, act: str, *parts: str) -> ChatReply:
        return ChatReply(text=self._words[phrase].format(*parts), acts=[act], tools=self._used)

    def item_at(self, place: int) -> str:
        slate = self._state.slate
        return slate[place] if -len(slate) <= place < len(slate) else ""

    def explained(self, place: int | None) -> ChatReply:
        item = self.item_at(place or 0)
        if not item:
            return self.say("which", "asks")
        self._used.append("explain")
        why = self._tools.explain(
            self._state.user_id, item, language=self._state.language
        ) or self._words["why_none"].format(quoted(title_of(item, self._records([item]))))
        return ChatReply(text=why, acts=["explains"], about=item, tools=self._used)

    def called(self, title: str) -> ChatReply | None:
        """An answer where an item is asked for by a name that there is not."""
        if self._tools.vocabulary.item_called(title):
            return None
        return self.say("unknown_item", "unknown_item", quoted(title))

    def slate(self, meaning: Meaning) -> tuple[ChatReply, ChatState]:
        wishes = self._merged(meaning)
        topic = meaning.topic or self._state.topic
        exclude = set(self._state.seen) if meaning.act == "more" else set[str]()
        if meaning.like and meaning.place is not None:
            exclude.add(self.item_at(meaning.place))
            wishes += self._like(self.item_at(meaning.place), wishes)
        if meaning.title:
            topic = meaning.title
        order = cast("tuple[str, Direction] | None", meaning.order) or self._state.order
        limits = self._limits(meaning)
        found = self._found(topic, [*wishes, *limits], exclude)
        shown = self._ordered(found, order)[: self._n]
        state = self._state.model_copy(
            update={
                "wishes": wishes,
                "topic": topic,
                "order": order,
                "brief": self._state.brief or meaning.brief,
                "slate": shown or self._state.slate,
                "seen": list(dict.fromkeys([*self._state.seen, *shown]))[-_REMEMBERED:],
            }
        )
        return self._reply(shown, meaning, [*wishes, *limits], brief=state.brief), state

    def _reply(
        self, shown: list[str], meaning: Meaning, wishes: Sequence[Wish], *, brief: bool
    ) -> ChatReply:
        language = self._state.language
        said: list[str] = []
        acts: list[str] = []
        if meaning.unrecorded:
            names = [FIELDS[language].get(field, field) for field in meaning.unrecorded]
            said.append(self._words["lacks"].format(listed(names, language)))
            acts.append("lacks")
        if shown:
            records = self._records(shown)
            titles = [quoted(title_of(item, records)) for item in shown]
            said.append(self._words["short" if brief else "slate"].format(listed(titles, language)))
            acts.append("shows")
        elif wishes:
            told = listed([_told(wish, language == "zh") for wish in wishes], language)
            said.append(self._words["admits"].format(told))
            acts.append("admits")
        else:
            said.append(self._words["none"])
            acts.append("admits")
        text = ("" if language == "zh" else " ").join(said)
        return ChatReply(text=text, item_ids=shown, acts=acts, tools=self._used)

    def _merged(self, meaning: Meaning) -> list[Wish]:
        """The wishes in force: a new one about a value or a bound replaces the old."""
        kept = [wish for wish in self._state.wishes if wish.field not in meaning.dropped]
        for new in meaning.wishes:
            kept = [wish for wish in kept if not _replaces(new, wish)]
        return list(dict.fromkeys([*kept, *meaning.wishes]))

    def _limits(self, meaning: Meaning) -> list[Wish]:
        """What "cheaper" and "newer" ask for: than the item meant, else the last slate."""
        items = [self.item_at(meaning.place)] if meaning.place is not None else self._state.slate
        records = self._records(items)
        found: list[Wish] = []
        for field, op in meaning.change:
            values = [
                float(record[field])
                for record in records.values()
                if isinstance(record.get(field), int | float)
            ]
            if values:
                found.append(Wish(field=field, op=op, value=sum(values) / len(values)))
        return found

    def _like(self, item: str, wishes: Sequence[Wish]) -> list[Wish]:
        """A category of the item meant, unless one is wished for already."""
        record = self._records([item]).get(item, {})
        categories = record.get("categories")
        if (
            not isinstance(categories, list | tuple)
            or not categories
            or any(w.field == "categories" and w.op == "has" for w in wishes)
        ):
            return []
        first = str(cast("Sequence[object]", categories)[-1])
        return [Wish(field="categories", op="has", value=first)]

    def _found(self, topic: str, wishes: Sequence[Wish], exclude: set[str]) -> list[str]:
        if topic:
            self._used.append("search")
            ids = self._tools.search(topic, wishes=wishes, n=_DEPTH)
        else:
            self._used.append("recommend")
            ids = self._tools.recommend(self._state.user_id, wishes=wishes, n=_DEPTH)
        records = self._records(ids)
        return [
            item
            for item in dict.fromkeys(ids)
            if item in records and item not in exclude and fits(records[item], wishes)
        ]

    def _ordered(self, ids: list[str], order: tuple[str, Direction] | None) -> list[str]:
        if order is None:
            return ids
        field, direction = order
        records = self._records(ids)
        known = [i for i in ids if isinstance(records[i].get(field), int | float)]
        return sorted(known, key=lambda i: records[i][field], reverse=direction == "desc")

    def _records(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        return self._tools.records(list(ids))


def _replaces(new: Wish, old: Wish) -> bool:
    if new.field != old.field:
        return False
    if new.op in ("has", "lacks"):
        return (new.op == old.op == "has") or str(new.value) == str(old.value)
    return new.op[0] == old.op[0] or "==" in (new.op, old.op)


def _told(wish: Wish, chinese: bool) -> str:
    name = FIELDS["zh" if chinese else "en"].get(wish.field, wish.field)
    if wish.op in ("has", "lacks"):
        no = ("不要" if chinese else "no ") if wish.op == "lacks" else ""
        return f"{name} {no}{quoted(wish.value)}"
    return f"{name} {wish.op} {float(wish.value):g}"
