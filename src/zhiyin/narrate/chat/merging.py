"""What holds on and what goes when something new is wished."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zhiyin.narrate.chat.grammar import Meaning
from zhiyin.narrate.chat.looking import COLOURS
from zhiyin.narrate.chat.state import PEOPLE, ChatState, Wish, folded
from zhiyin.narrate.chat.tools import Tools
from zhiyin.narrate.chat.vocabulary import KINDS, words_of

Topic = list[list[str]]
_SORTS = ("款", "色", "味", "版", "码")
"""What Chinese words for sorts of a thing end in."""
_SIZE = re.compile(r"\d+(?:\.\d+)?[ -]?([^\d\s-]+)")


def merged(state: ChatState, meaning: Meaning, tools: Tools) -> tuple[list[Wish], Topic]:
    """The wishes and the topic in force after a message.

    A new value replaces the old one of its attribute, unless the message adds to it; a new
    bound replaces the old one on its side, and one on the other side that it contradicts.

    Args:
        state: What held before.
        meaning: The message.
        tools: The catalogue.
    """
    new = list(meaning.wishes)
    kept = [
        wish
        for wish in state.wishes
        if wish.field not in meaning.dropped
        and not any(
            wish.field == field and value in wish.values for field, value in meaning.released
        )
    ]
    if meaning.either:
        new = [_either(wish, kept) for wish in new]
    kinds = [wish for wish in new if wish.field in KINDS and wish.op == "has"]
    for wish in new:
        also = meaning.also and not meaning.either
        kept = [old for old in kept if not _gives_way(old, wish, also=also, tools=tools)]
    wishes = list(dict.fromkeys([*kept, *new]))
    topic = _topic(
        state,
        meaning,
        wishes,
        tools,
        replaces_kind=bool(kinds) and not (meaning.also or meaning.either),
    )
    return _without_old_kind(wishes, topic, meaning, tools), topic


def _either(wish: Wish, held: Sequence[Wish]) -> Wish:
    """A wish of which what was wished before is enough, too: "mysteries are fine, too"."""
    old = [w for w in held if w.field == wish.field and w.op == wish.op == "has"]
    more = [v for w in old for v in w.values if v not in wish.values]
    return wish.model_copy(update={"or_else": (*wish.or_else, *more)}) if more else wish


def _without_old_kind(
    wishes: list[Wish], topic: Topic, meaning: Meaning, tools: Tools
) -> list[Wish]:
    """The wishes without a kind of before that has nothing of the thing that is asked for now."""
    asked = [list(group) for group in meaning.topic]
    if not asked or not all(group in asked for group in topic) or not _things(asked, tools):
        return wishes
    rest = [w for w in wishes if w.field not in KINDS or w.op != "has" or w in meaning.wishes]
    things = _things(asked, tools)
    if len(rest) < len(wishes) and not _in_titles(things, wishes, tools):
        return rest if _in_titles(things, rest, tools) else wishes
    return wishes


def is_another_thing(topic: Sequence[Sequence[str]], held: Sequence[Wish], tools: Tools) -> bool:
    """Whether a topic names a thing that the kinds wished for before have none of."""
    things = _things([list(group) for group in topic], tools)
    return bool(things) and not _in_titles(things, list(held), tools)


def _things(topic: Topic, tools: Tools) -> Topic:
    """The words of a topic that say what thing is meant, where the catalogue is of goods."""
    words = tools.table.vocabulary
    return [group for group in topic if words.of_goods and words.is_thing(group)]


def _known(topic: Topic, tools: Tools) -> Topic:
    """The words of a topic that stand in titles."""
    words = tools.table.vocabulary
    return [group for group in topic if any(words.title_words_of(word) for word in group)]


def _details(topic: Topic) -> Topic:
    """The sizes, colours and sorts of a topic."""
    return [
        group
        for group in topic
        if _SIZE.fullmatch(group[0]) or group[0] in COLOURS or group[0].endswith(_SORTS)
    ]


def _of_goods(old: Topic, new: Topic, wishes: list[Wish], tools: Tools, *, instead: bool) -> Topic:
    """A topic of things and their properties: a property refines, another thing replaces."""
    old = [group for group in old if not any(_same_sort(group, other) for other in new)]
    brands = {
        part for w in wishes if w.field == "brand" for v in w.values for part in words_of(folded(v))
    }
    new = [group for group in new if not set(words_of(folded(group[0]))) <= brands] or new
    joined = [*old, *(group for group in new if group not in old)]
    known = _known(new, tools)
    if instead and _things(known, tools):
        return new
    if _in_titles([*_known(old, tools), *known], wishes, tools):
        return joined
    refines = not _things(known, tools) and not (instead and known and not _details(known))
    return joined if refines else new


def _same_sort(one: list[str], other: list[str]) -> bool:
    """Whether two words are sizes in one unit, or both colours: the new one takes the place."""
    a, b = (_SIZE.fullmatch(group[0]) for group in (one, other))
    if a and b:
        return a[1] == b[1]
    return one != other and one[0] in COLOURS and other[0] in COLOURS


def _topic(
    state: ChatState, meaning: Meaning, wishes: list[Wish], tools: Tools, *, replaces_kind: bool
) -> Topic:
    denied = {
        folded(v)
        for w in meaning.wishes
        if w.field in ("title", "brand") and w.op == "lacks"
        for v in w.values
    }
    old = [group for group in state.topic if not denied & {folded(word) for word in group}]
    removed = len(old) < len(state.topic)
    new = [list(group) for group in meaning.topic]
    if meaning.dropped and "categories" in meaning.dropped:
        old = []
    if not new:
        return [] if replaces_kind else old
    if not old or replaces_kind:
        return new
    if tools.table.vocabulary.of_goods and not removed:
        return _of_goods(old, new, wishes, tools, instead=meaning.instead)
    if removed or meaning.also:
        return [*old, *(group for group in new if group not in old)]
    if meaning.only and not any(w.op == "lacks" for w in meaning.wishes):
        joined = [*old, *(group for group in new if group not in old)]
        return joined if _in_titles(joined, wishes, tools) else new
    if meaning.wishes:
        return [*old, *(group for group in new if group not in old)]
    joined = [*old, *(group for group in new if group not in old)]
    return joined if _in_titles(joined, wishes, tools) else new


def _in_titles(topic: Topic, wishes: list[Wish], tools: Tools) -> bool:
    """Whether some title names all of a topic."""
    named = [
        Wish(field="title", op="has", value=group[0], or_else=tuple(group[1:])) for group in topic
    ]
    return tools.table.count([*wishes, *named]) > 0


def _gives_way(old: Wish, new: Wish, *, also: bool, tools: Tools) -> bool:
    if old.field != new.field:
        return False
    if new.op in ("has", "lacks"):
        if old.op not in ("has", "lacks"):
            return False
        if old.op != new.op:
            return bool({folded(v) for v in old.values} & {folded(v) for v in new.values})
        both = also and not (new.field in PEOPLE and not tools.table.count([old, new]))
        return new.op == "has" and not both
    if old.op in ("has", "lacks"):
        return False
    if "==" in (old.op, new.op) or old.op[0] == new.op[0]:
        return True
    low, high = (new, old) if new.op[0] == ">" else (old, new)
    return float(low.value) > float(high.value)
