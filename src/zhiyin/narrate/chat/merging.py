"""What holds on and what goes when something new is wished."""

from __future__ import annotations

from zhiyin.narrate.chat.grammar import Meaning
from zhiyin.narrate.chat.state import ChatState, Wish, folded
from zhiyin.narrate.chat.tools import Tools
from zhiyin.narrate.chat.vocabulary import KINDS

Topic = list[list[str]]


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
    kept = [wish for wish in state.wishes if wish.field not in meaning.dropped]
    kinds = [wish for wish in new if wish.field in KINDS and wish.op == "has"]
    for wish in new:
        kept = [old for old in kept if not _gives_way(old, wish, also=meaning.also)]
    wishes = list(dict.fromkeys([*kept, *new]))
    topic = _topic(state, meaning, wishes, tools, replaces_kind=bool(kinds) and not meaning.also)
    return wishes, topic


def _topic(
    state: ChatState, meaning: Meaning, wishes: list[Wish], tools: Tools, *, replaces_kind: bool
) -> Topic:
    denied = {
        folded(v)
        for w in meaning.wishes
        if w.field == "title" and w.op == "lacks"
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


def _gives_way(old: Wish, new: Wish, *, also: bool) -> bool:
    if old.field != new.field:
        return False
    if new.op in ("has", "lacks"):
        if old.op not in ("has", "lacks"):
            return False
        if old.op != new.op:
            return bool({folded(v) for v in old.values} & {folded(v) for v in new.values})
        return new.op == "has" and not also
    if old.op in ("has", "lacks"):
        return False
    if "==" in (old.op, new.op) or old.op[0] == new.op[0]:
        return True
    low, high = (new, old) if new.op[0] == ">" else (old, new)
    return float(low.value) > float(high.value)
