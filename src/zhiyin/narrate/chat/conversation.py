"""One turn of a conversation: a message and a state in, a reply and a state out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import Field

from zhiyin.core.protocols import LanguageModel
from zhiyin.core.slate import Frozen
from zhiyin.narrate.chat.grammar import Meaning, understand
from zhiyin.narrate.chat.looking import kind_of, names, slate_of
from zhiyin.narrate.chat.merging import is_another_thing, merged
from zhiyin.narrate.chat.phrases import FIELDS, PHRASES
from zhiyin.narrate.chat.rewording import reworded
from zhiyin.narrate.chat.state import ChatState, Direction, Wish, parts_of
from zhiyin.narrate.chat.tools import Tools
from zhiyin.narrate.chat.vocabulary import KINDS
from zhiyin.narrate.chat.wording import described, reasons, told_wish
from zhiyin.narrate.explain.reasons import title_of
from zhiyin.narrate.language import language_of, listed, quoted

_SLATE = 5
_REMEMBERED = 500


class ChatReply(Frozen):
    """What is answered."""

    text: str
    """The words."""
    item_ids: list[str] = Field(default_factory=list[str])
    """The slate, by id; empty where nothing is shown."""
    acts: list[str] = Field(default_factory=list[str])
    """What the reply does: shows, asks, refuses, explains, describes, compares, lacks, admits,
    unknown_item, resets, remembers, forgets."""
    about: list[str] = Field(default_factory=list[str])
    """The items that an explanation, a description or a comparison is of."""
    tools: list[str] = Field(default_factory=list[str])
    """Names of the tools that were used."""
    keep: list[Wish] = Field(default_factory=list[Wish])
    """What the user asked to be kept beyond this conversation."""
    give_up: list[Wish] = Field(default_factory=list[Wish])
    """What the user asked to be kept no longer."""
    lasting: bool = False
    """Whether the message says a lasting preference."""
    new_wishes: list[Wish] = Field(default_factory=list[Wish])
    """What this message wishes."""
    made_by: str = "grammar"
    """"grammar", or the id of the model that read what the grammar did not."""
    model_problem: str = ""
    """Why a model that was asked gave no answer; "" where it did, or was not asked."""


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
        model: What reads the part of a message that the grammar leaves unread.
    """
    spoken = language_of(message) if any(c.isalpha() for c in message) else state.language
    meaning = understand(message, state, tools.table.vocabulary)
    state = state.model_copy(update={"language": spoken, "declined": False})
    made_by, problem = "grammar", ""
    if model is not None and meaning.unread:
        meaning, used, problem = reworded(meaning, words=tools.table.vocabulary, model=model)
        made_by = model.id if used else made_by
    reply, after = _Turn(state, tools, n).answer(meaning)
    after = after.model_copy(update={"offered": reply.new_wishes})
    told = {"made_by": made_by, "lasting": meaning.lasting, "model_problem": problem}
    return reply.model_copy(update=told), after


class _Turn:
    """A turn while it is answered."""

    def __init__(self, state: ChatState, tools: Tools, n: int) -> None:
        self._state = state
        self._tools = tools
        self._n = n
        self._words = PHRASES[state.language]
        self._used: list[str] = []

    def answer(self, meaning: Meaning) -> tuple[ChatReply, ChatState]:
        if meaning.act == "refuse":
            declined = self._state.model_copy(update={"declined": meaning.about_others})
            return self._say(
                "refuse_others" if meaning.about_others else "refuse", "refuses"
            ), declined
        if meaning.act == "forget":
            return self._forgotten()
        if meaning.reset:
            state = self._state
            self._state = ChatState(
                user_id=state.user_id, language=state.language, remembered=state.remembered
            )
        if meaning.act == "reset":
            return self._say("reset", "resets"), self._state
        if meaning.act == "unclear":
            return self._say("clash" if meaning.clashes else "asks", "asks"), self._state
        if meaning.act == "unknown":
            return self._say("unknown_item", "unknown_item", quoted(meaning.unknown)), self._state
        if meaning.act in ("explain", "describe", "compare", "shorter"):
            return self._about(meaning)
        if meaning.places and not any(self._item_at(place) for place in meaning.places):
            return self._say("which", "asks"), self._state
        return self._slate(meaning)

    def _say(self, phrase: str, act: str, *parts: str) -> ChatReply:
        return ChatReply(text=self._words[phrase].format(*parts), acts=[act], tools=self._used)

    def _item_at(self, place: int) -> str:
        slate = self._state.slate
        return slate[place] if -len(slate) <= place < len(slate) else ""

    def _item_with(self, topic: Sequence[Sequence[str]]) -> list[str]:
        """The item of the slate whose title alone has most of some words: "the Gorilla one"."""
        records = self._records(self._state.slate)
        counts = {
            item: sum(
                names(str(records.get(item, {}).get("title") or ""), group) for group in topic
            )
            for item in self._state.slate
        }
        best = [item for item, count in counts.items() if count == max(counts.values(), default=0)]
        is_told = counts and 0 < max(counts.values()) and len(best) < len(counts)
        return best[:1] if is_told else []

    def _about(self, meaning: Meaning) -> tuple[ChatReply, ChatState]:
        """Explains, describes or compares items; "shorter" does so again in fewer words."""
        state = self._state
        if meaning.act == "shorter":
            brief = state.model_copy(update={"brief": True})
            if state.explained:
                return self._explained(state.explained[0], short=True), brief
            if not state.slate:
                return self._say("asks", "asks"), brief
            titles = self._titles(state.slate)
            return (
                ChatReply(
                    text=self._words["short"].format(titles), item_ids=state.slate, acts=["shows"]
                ),
                brief,
            )
        meant = list(meaning.titles) or [
            item for item in map(self._item_at, meaning.places) if item
        ]
        named = [] if meaning.named or meaning.titles else self._item_with(meaning.topic)
        meant = named or meant
        if not meant:
            return self._say("which", "asks"), state
        if meaning.act == "explain":
            reply = self._explained(meant[0], short=state.brief)
            return reply, state.model_copy(update={"explained": meant[:1]})
        records = self._records(meant)
        lines = [described(item, records, state.language) for item in meant if item in records]
        said, acts = list(lines), ["compares" if meaning.act == "compare" else "describes"]
        if meaning.unrecorded:
            said.append(self._lacks(meaning.unrecorded))
            acts.append("lacks")
        elif meaning.act == "describe":
            said.append(self._words["only_that"])
        text = self._joined(said)
        return ChatReply(text=text, acts=acts, about=meant, tools=self._used), state

    def _explained(self, item: str, *, short: bool) -> ChatReply:
        self._used.append("explain")
        record = self._records([item]).get(item, {})
        language = self._state.language
        why = self._tools.explain(
            self._state.user_id, item, language=language, length="short" if short else "medium"
        )
        fitting = reasons(record, self._state.wishes, self._state.topic, language)
        title = quoted(title_of(item, {item: record}))
        said: list[str] = []
        if fitting:
            parts = fitting[:1] if short else fitting
            phrase = "why_short" if short else "why_fits"
            said.append(self._words[phrase].format(title, listed(parts, language)))
        if why and not (short and said):
            said.append(why)
        if not said:
            said.append(self._words["why_none_short" if short else "why_none"].format(title))
        return ChatReply(text=self._joined(said), acts=["explains"], about=[item], tools=self._used)

    def _forgotten(self) -> tuple[ChatReply, ChatState]:
        state = self._state
        gone = state.remembered[-1]
        kept = [wish for wish in state.wishes if wish not in gone]
        after = state.model_copy(update={"remembered": state.remembered[:-1], "wishes": kept})
        told = listed([told_wish(wish, state.language) for wish in gone], state.language)
        reply = self._say("forgets", "forgets", told)
        return reply.model_copy(update={"give_up": gone}), after

    def _slate(self, meaning: Meaning) -> tuple[ChatReply, ChatState]:
        state = self._state
        meaning = self._with_kind(_joined_up(self._differing(meaning), self._tools))
        wishes, topic = merged(state, meaning, self._tools)
        wishes = self._as_the_one_meant(meaning, wishes)
        meant = [item for item in map(self._item_at, meaning.places) if item]
        shut = set(state.refused)
        if meaning.act == "more" or meaning.unseen:
            shut |= set(state.seen)
        shut |= set(self._refused(meaning))
        if meaning.like or meaning.same:
            shut |= set(meant)
        limits = self._limits(meaning, meant)
        if not meant:
            wishes = merged(
                state.model_copy(update={"wishes": wishes, "topic": topic}),
                Meaning(wishes=tuple(limits), also=True),
                self._tools,
            )[0]
            limits = []
        order = cast("tuple[str, Direction] | None", meaning.order) or state.order
        like = meant[0] if meant and (meaning.like or meaning.same) else ""
        if meaning.like and not meant:
            like = next(iter(meaning.titles), "")
            shut |= {like}
        shown = slate_of(
            self._tools,
            user_id=state.user_id,
            wishes=[*wishes, *limits],
            topic=topic,
            like=like,
            shut=shut,
            order=order,
            n=min(self._n, meaning.how_many or self._n),
            used=self._used,
        )
        after = state.model_copy(
            update={
                "wishes": wishes,
                "topic": topic,
                "order": order,
                "brief": state.brief or meaning.brief,
                "slate": shown or state.slate,
                "seen": list(dict.fromkeys([*state.seen, *shown]))[-_REMEMBERED:],
                "refused": list(dict.fromkeys([*state.refused, *self._refused(meaning)])),
                "explained": [],
            }
        )
        reply = self._shown(shown, meaning, [*wishes, *limits], brief=after.brief)
        fresh = [wish for wish in meaning.wishes if wish in wishes]
        reply = reply.model_copy(update={"new_wishes": fresh})
        if meaning.remember and fresh:
            told = listed([told_wish(wish, state.language) for wish in fresh], state.language)
            text = self._joined([self._words["remembers"].format(told), reply.text])
            reply = reply.model_copy(
                update={"keep": fresh, "acts": ["remembers", *reply.acts], "text": text}
            )
            after = after.model_copy(update={"remembered": [*state.remembered, fresh]})
        return reply, after

    def _refused(self, meaning: Meaning) -> list[str]:
        return [item for item in map(self._item_at, meaning.not_places) if item]

    def _differing(self, meaning: Meaning) -> Meaning:
        """A meaning with what "another brand" rules out: what was wished, else what was shown."""
        if not meaning.other:
            return meaning
        field = meaning.other
        shut = [
            v for w in self._state.wishes if w.field == field and w.op == "has" for v in w.values
        ]
        meant = [item for item in map(self._item_at, meaning.places) if item]
        if meant:
            record = self._records(meant[:1]).get(meant[0], {})
            shut = parts_of(field, record.get(field))
        if not shut:
            shown = self._records(self._state.slate).values()
            shut = [part for record in shown for part in parts_of(field, record.get(field))]
        lacks = [Wish(field=field, op="lacks", value=value) for value in dict.fromkeys(shut)]
        return meaning._replace(
            wishes=(*meaning.wishes, *lacks), dropped=(*meaning.dropped, field), topic=()
        )

    def _with_kind(self, meaning: Meaning) -> Meaning:
        """A meaning with the kind of thing that its topic is about, where the catalogue tells."""
        kinds = [w for w in meaning.wishes if w.field in KINDS and w.op == "has"]
        held = [w for w in self._state.wishes if w.field in KINDS and w.op == "has"]
        refines = bool([w for w in meaning.wishes if w not in kinds]) or meaning.also
        if kinds or not meaning.topic or meaning.act == "more":
            return meaning
        other = bool(held) and is_another_thing(meaning.topic, held, self._tools)
        if held and not other and (refines or self._tools.table.vocabulary.of_goods):
            return meaning
        kind = kind_of(self._tools, meaning.topic)
        if kind is None or kind in held:
            return meaning
        also = meaning.also and not other
        return meaning._replace(wishes=(*meaning.wishes, kind), also=also)

    def _as_the_one_meant(self, meaning: Meaning, wishes: list[Wish]) -> list[Wish]:
        """The wishes with what must be as it is of the item meant."""
        meant = next((item for item in map(self._item_at, meaning.places) if item), "")
        meant = meant or next(iter(meaning.titles if meaning.like else ()), "")
        if not meant or not (meaning.like or meaning.same):
            return wishes
        record = self._records([meant]).get(meant, {})
        if meaning.same:
            values = parts_of(meaning.same, record.get(meaning.same))
            rest = [w for w in wishes if w.field != meaning.same and w.field not in KINDS]
            return [*rest, *(Wish(field=meaning.same, op="has", value=v) for v in values[:1])]
        for field in KINDS:
            values = parts_of(field, record.get(field))
            if values and not any(w.field == field and w.op == "has" for w in wishes):
                return [*wishes, Wish(field=field, op="has", value=values[-1])]
        return wishes

    def _limits(self, meaning: Meaning, meant: Sequence[str]) -> list[Wish]:
        """What "cheaper" and "newer" ask for: than the item meant, else the last slate."""
        records = self._records(meant or self._state.slate)
        found: list[Wish] = []
        for field, op in meaning.change:
            values = [
                float(record[field])
                for record in records.values()
                if isinstance(record.get(field), int | float)
            ]
            if values:
                found.append(Wish(field=field, op=op, value=round(sum(values) / len(values), 4)))
        return found

    def _shown(
        self, shown: list[str], meaning: Meaning, wishes: Sequence[Wish], *, brief: bool
    ) -> ChatReply:
        language = self._state.language
        said: list[str] = []
        acts: list[str] = []
        if meaning.unrecorded:
            said.append(self._lacks(meaning.unrecorded))
            acts.append("lacks")
        if shown:
            said.append(self._words["short" if brief else "slate"].format(self._titles(shown)))
            acts.append("shows")
        elif wishes:
            told = listed([told_wish(wish, language) for wish in wishes], language)
            said.append(self._words["admits"].format(told))
            acts.append("admits")
        else:
            said.append(self._words["none"])
            acts.append("admits")
        return ChatReply(text=self._joined(said), item_ids=shown, acts=acts, tools=self._used)

    def _lacks(self, fields: Sequence[str]) -> str:
        language = self._state.language
        names = [FIELDS[language].get(field, field) for field in fields]
        return self._words["lacks"].format(listed(names, language))

    def _titles(self, items: Sequence[str]) -> str:
        records = self._records(items)
        return listed([quoted(title_of(item, records)) for item in items], self._state.language)

    def _joined(self, said: Sequence[str]) -> str:
        return ("" if self._state.language == "zh" else " ").join(said)

    def _records(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        return self._tools.records(list(ids))


def _joined_up(meaning: Meaning, tools: Tools) -> Meaning:
    """A meaning where values of one attribute that no item has together are alternatives."""
    named = [w for w in meaning.wishes if w.op == "has" and w.field not in KINDS]
    fields = {w.field for w in named if sum(other.field == w.field for other in named) > 1}
    wishes = list(meaning.wishes)
    for field in sorted(fields):
        same = [w for w in named if w.field == field]
        if tools.table.count(same):
            continue
        values = [value for wish in same for value in wish.values]
        either = Wish(field=field, op="has", value=values[0], or_else=tuple(values[1:]))
        wishes = [*(wish for wish in wishes if wish not in same), either]
    return meaning._replace(wishes=tuple(wishes))
