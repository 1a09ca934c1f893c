"""From wishes and a topic to a slate."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from zhiyin.narrate.chat.lexicon import companions
from zhiyin.narrate.chat.state import Direction, Wish, fits, folded, parts_of
from zhiyin.narrate.chat.tools import Tools
from zhiyin.narrate.chat.vocabulary import KINDS, Vocabulary
from zhiyin.narrate.grounding.lexicon import HAN, phrase

_DEPTH = 200
_NAMED = 0.6
"""What a title that names the whole topic adds to a search score."""
_VOTERS = 12
_SHARE = 0.4
"""Part of the nearest items that must be of a kind."""
_LIFT = 3.0
"""How much more often than in the catalogue."""
_FEW = 3
COLOURS = frozenset(
    word
    for colour in ("red", "blue", "green", "black", "white", "gray", "yellow", "orange", "pink",
                   "purple", "brown", "beige", "silver", "gold", "transparent")
    for word in companions().get(colour, (colour,))
)  # fmt: skip
"""Colours: who names one wants no other."""


def slate_of(
    tools: Tools,
    *,
    user_id: str | None,
    wishes: Sequence[Wish],
    topic: Sequence[Sequence[str]],
    like: str,
    shut: set[str],
    order: tuple[str, Direction] | None,
    n: int,
    used: list[str],
) -> list[str]:
    """The items that keep all wishes, the nearest to the topic first.

    Args:
        tools: What searches and recommends.
        user_id: For whom.
        wishes: What each item must keep.
        topic: What they are about; of each group of words one is enough.
        like: The item that they are like; "" for none.
        shut: Items that are not shown.
        order: The attribute to order by.
        n: How many at most.
        used: Gets the names of the tools that were used.
    """
    wishes = [*wishes, *_colours(tools, topic, wishes)]
    if like:
        used.append("similar")
        ids = tools.similar(like, wishes=[*wishes, *_things(tools, topic, like)], n=_DEPTH)
    elif topic:
        used.append("search")
        found = tools.search(" ".join(spoken(topic)), wishes=wishes, n=_DEPTH)
        ids = _named_first(tools, found, topic, wishes, shut)
    else:
        used.append("recommend")
        ids = tools.recommend(user_id, wishes=wishes, n=_DEPTH)
    records = tools.records(ids)
    kept = [
        item
        for item in dict.fromkeys(ids)
        if item in records and item not in shut and fits(records[item], wishes)
    ]
    if len(kept) < n and not topic:
        more = [
            item for item in tools.table.chosen(wishes) if item not in shut and item not in kept
        ]
        records = {**records, **tools.records(more[:_DEPTH])}
        kept += [item for item in more[:_DEPTH] if item in records and fits(records[item], wishes)]
    if order is not None:
        field, direction = order
        known = [i for i in kept if isinstance(records[i].get(field), int | float)]
        kept = sorted(known, key=lambda i: records[i][field], reverse=direction == "desc")
    return kept[:n]


def _colours(tools: Tools, topic: Sequence[Sequence[str]], wishes: Sequence[Wish]) -> list[Wish]:
    """Colours of the topic that titles name: each item must have them."""
    named = _titles_with(group for group in topic if group[0] in COLOURS)
    if not named or tools.table.count([*wishes, *named]):
        return named
    rest = [*wishes, *_titles_with(group for group in topic if group[0] not in COLOURS)]
    coloured = _titles_with([sorted(COLOURS)])
    return named if tools.table.count([*rest, *coloured]) else []


def _things(tools: Tools, topic: Sequence[Sequence[str]], like: str) -> list[Wish]:
    """What things a topic names that an item is one of: what is like it must be one too."""
    vocabulary = tools.table.vocabulary
    if not vocabulary.of_goods:
        return []
    title = str(tools.records([like]).get(like, {}).get("title") or "")
    groups = [group for group in topic if vocabulary.is_thing(group) and names(title, group)]
    return _titles_with(groups)


def _titles_with(groups: Iterable[Sequence[str]]) -> list[Wish]:
    """Topics as wishes: of each group a word in the title."""
    return [
        Wish(field="title", op="has", value=group[0], or_else=tuple(group[1:])) for group in groups
    ]


def spoken(topic: Sequence[Sequence[str]]) -> list[str]:
    """The words of a topic as they were said."""
    return [group[0] for group in topic]


def kind_of(tools: Tools, topic: Sequence[Sequence[str]]) -> Wish | None:
    """The kind that most of the items nearest to a topic are of, if there is one."""
    if not any(field in tools.table.vocabulary.fields for field in KINDS):
        return None
    found = tools.search(" ".join(spoken(topic)), wishes=(), n=40)
    ids = _named_first(tools, found, topic, (), set())[:_VOTERS]
    records = tools.records(ids)
    votes: Counter[tuple[str, str]] = Counter()
    for item in ids:
        for field in KINDS:
            votes.update(
                (field, part) for part in parts_of(field, records.get(item, {}).get(field))
            )
    likely = [
        (count / math.sqrt(tools.table.share(*kind) + 1e-9), kind)
        for kind, count in votes.items()
        if count >= _SHARE * len(ids) and count / len(ids) >= _LIFT * tools.table.share(*kind)
    ]
    if len(ids) < _FEW or not likely:
        return None
    field, value = max(likely)[1]
    return Wish(field=field, op="has", value=value)


def _named_first(
    tools: Tools,
    found: dict[str, float],
    topic: Sequence[Sequence[str]],
    wishes: Sequence[Wish],
    shut: set[str],
) -> list[str]:
    """Found items, those whose titles name the topic first; alone, where there are enough."""
    vocabulary, table = tools.table.vocabulary, tools.table
    groups = [
        (words, max(1, max(vocabulary.title_words_of(word) for word in words)))
        for words in topic
        if any(vocabulary.title_words_of(word) for word in words)
    ]
    if not groups:
        return list(found)
    groups = _enough(tools, groups, wishes)
    weights = [math.log(1 + len(table) / count) for _, count in groups]
    named = table.chosen([*wishes, *_titles_with(words for words, _ in groups)])
    floor = min(found.values(), default=0.0)
    scores = {**dict.fromkeys(named[:_DEPTH], floor), **found}
    records = tools.records(list(scores))
    covered = {
        item: sum(
            weight
            for (words, _), weight in zip(groups, weights, strict=True)
            if names(str(records.get(item, {}).get("title") or ""), words)
        )
        / sum(weights)
        for item in scores
    }
    best = sorted(scores, key=lambda item: -(scores[item] + _NAMED * covered[item]))
    full = [item for item in best if covered[item] > 1 - 1e-9 and item not in shut]
    if full and (vocabulary.of_goods or len(full) >= _FEW):
        return full
    return [] if _ruled_out(tools, topic, wishes) else best


def _ruled_out(tools: Tools, topic: Sequence[Sequence[str]], wishes: Sequence[Wish]) -> bool:
    """Whether there is the thing that is asked for, and the wishes leave none of it."""
    words = tools.table.vocabulary
    kinds = {value for w in wishes if w.field in KINDS and w.op == "has" for value in w.values}
    things = _titles_with(
        group
        for group in topic
        if _is_thing(words, group) and not kinds & {v.value for v in words.find(group[0])}
    )
    rest = [wish for wish in wishes if wish.field not in KINDS]
    return bool(things) and not any(
        tools.table.count([*rest, thing]) or not tools.table.count([thing]) for thing in things
    )


def _enough(
    tools: Tools, groups: list[tuple[Sequence[str], int]], wishes: Sequence[Wish]
) -> list[tuple[Sequence[str], int]]:
    """As many of the words as enough titles name together, the rarer ones left out first.

    Of goods one title is enough, and what says what thing is meant is left out last.
    """
    vocabulary = tools.table.vocabulary
    few = 1 if vocabulary.of_goods else _FEW
    kept = list(groups)
    while len(kept) > 1:
        named = _titles_with(words for words, _ in kept)
        if tools.table.count([*wishes, *named]) >= few:
            return kept
        counts = [
            tools.table.count([*wishes, *named[:at], *named[at + 1 :]]) for at in range(len(kept))
        ]
        things = [_is_thing(vocabulary, words) for words, _ in kept]
        del kept[max(range(len(kept)), key=lambda at: (not things[at], counts[at], -at))]
    return kept


def _is_thing(vocabulary: Vocabulary, words: Sequence[str]) -> bool:
    return vocabulary.of_goods and vocabulary.is_thing(words)


def names(title: str, words: Sequence[str]) -> bool:
    """Whether a title has one of some words, English in any form."""
    text, stems = folded(title), _stemmed(title)
    return any(word in text if HAN.search(word) else _stemmed(word) in stems for word in words)


@lru_cache(maxsize=20_000)
def _stemmed(text: str) -> str:
    return phrase(text)
