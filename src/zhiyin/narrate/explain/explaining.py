"""Explanations in words: why this item, at three lengths, and why not another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Literal, TypeAlias

from zhiyin.core.messages import Explanation
from zhiyin.core.slate import Position
from zhiyin.narrate.explain.phrases import PHRASES, Phrases
from zhiyin.narrate.explain.reasons import Aspect, Deed, Reasons, Records, reasons_for, title_of
from zhiyin.narrate.language import Language, language_of_records, listed, quoted

Length: TypeAlias = Literal["short", "medium", "long"]
"""One reason; the reasons and what they have in common; all that is recorded."""

_DEEDS: dict[Length, int] = {"short": 1, "medium": 2, "long": 3}
_TOLD: dict[Length, int] = {"short": 1, "medium": 2, "long": 9}


def explain(
    position: Position,
    *,
    records: Records,
    language: Language | None = None,
    length: Length = "medium",
    instead_of: Position | None = None,
) -> Explanation:
    """Why an item stands on a slate, from its evidence and nothing else.

    Args:
        position: With evidence (a slate that was made with ``explain=True``).
        records: Attributes of the item, and of the items in its evidence.
        language: Of the words; None: that of most titles in ``records``.
        length: How much is told.
        instead_of: Another position, for "rather than that one because".
    """
    spoken = language or language_of_records(records.values())
    phrases = PHRASES[spoken]
    reasons = reasons_for(position, records=records)
    named = _Named(reasons, length)
    if instead_of is None:
        sentences = _because(reasons, phrases, spoken, named)
    else:
        named.cited.append(instead_of.item_id)
        sentences = _contrast(position, instead_of, records, phrases, spoken, named)
    return Explanation(
        item_id=position.item_id,
        text=phrases.gap.join(sentences),
        language=spoken,
        length=length,
        style="because" if instead_of is None else "contrast",
        cites=list(dict.fromkeys(named.cited)),
    )


def explain_slate(
    positions: Sequence[Position],
    *,
    records: Records,
    language: Language | None = None,
    length: Length = "medium",
) -> list[Explanation]:
    """An explanation for each position; see `explain`."""
    spoken = language or language_of_records(records.values())
    return [
        explain(position, records=records, language=spoken, length=length) for position in positions
    ]


class _Named:
    """What of the reasons is told at a length, and which items that names."""

    def __init__(self, reasons: Reasons, length: Length) -> None:
        self.length: Length = length
        self.deeds = reasons.deeds[: _DEEDS[length]]
        self.cited = [deed.item_id for deed in self.deeds]


def _because(reasons: Reasons, phrases: Phrases, language: Language, named: _Named) -> list[str]:
    """All that can be said, the weightiest first, cut to the length."""
    told: list[str] = []
    if named.deeds:
        told.append(phrases.deeds.format(_deeds(named.deeds, phrases, language)))
    if reasons.similar:
        names = [quoted(title) for title in reasons.similar[: _DEEDS[named.length]]]
        told.append(phrases.similar.format(listed(names, language)))
    if reasons.aspects and named.length != "short":
        told += _in_common(reasons.aspects, phrases, language, _titles(reasons, named))
    if reasons.tags:
        told.append(phrases.tags.format(listed([quoted(t) for t in reasons.tags[:3]], language)))
    if reasons.users is not None:
        told.append(phrases.users.format(reasons.users))
    if named.deeds and named.length == "long" and 0.005 <= named.deeds[0].share < 1:
        first = named.deeds[0]
        told.append(phrases.share.format(quoted(first.title), round(100 * first.share)))
    if reasons.features:
        told.append(phrases.features.format(listed(list(reasons.features[:3]), language)))
    elif reasons.ranker > 0:
        told.append(phrases.ranker)
    return told[: _TOLD[named.length]] or [phrases.nothing]


def _titles(reasons: Reasons, named: _Named) -> set[str]:
    """Titles that a text of this length has named."""
    return {*(deed.title for deed in named.deeds), *reasons.similar[: _DEEDS[named.length]]}


def _in_common(
    aspects: Sequence[Aspect], phrases: Phrases, language: Language, titles: set[str]
) -> list[str]:
    """One sentence for each item that was named and has something in common."""
    found = sorted((a for a in aspects if a.with_title in titles), key=lambda a: a.with_title)
    return [
        phrases.in_common.format(_aspects(list(same), phrases, language), quoted(title))
        for title, same in groupby(found, key=lambda a: a.with_title)
    ]


def _aspects(aspects: Sequence[Aspect], phrases: Phrases, language: Language) -> str:
    parts = [phrases.aspect.format(phrases.fields[a.field], quoted(a.value)) for a in aspects]
    return listed(parts, language)


def _deeds(deeds: Sequence[Deed], phrases: Phrases, language: Language) -> str:
    """What was done, "bought A and B and read C": what was done alike is told together."""
    verbs: Mapping[str, str] = phrases.verbs
    told: dict[str, list[str]] = {}
    for deed in deeds:
        verb = verbs.get(deed.event, phrases.other_verb)
        told.setdefault(verb, []).append(quoted(deed.title))
    space = "" if language == "zh" else " "
    parts = [
        verb.format(listed(names, language))
        if "{0}" in verb
        else f"{verb}{space}{listed(names, language)}"
        for verb, names in told.items()
    ]
    return "，也".join(parts) if language == "zh" else " and ".join(parts)


def _contrast(
    position: Position,
    other: Position,
    records: Records,
    phrases: Phrases,
    language: Language,
    named: _Named,
) -> list[str]:
    """Why one rather than the other: only what is recorded to differ."""
    ours, theirs = reasons_for(position, records=records), reasons_for(other, records=records)
    title = title_of(other.item_id, records)
    told = [phrases.rather.format(quoted(ours.title), quoted(title))]
    if named.deeds:
        told.append(phrases.deeds.format(_deeds(named.deeds, phrases, language)))
        same = {(aspect.field, aspect.value) for aspect in theirs.aspects}
        with_titles = {deed.title for deed in named.deeds}
        alone = [
            aspect
            for aspect in ours.aspects
            if (aspect.field, aspect.value) not in same and aspect.with_title in with_titles
        ]
        if alone:
            first = alone[0].with_title
            words = _aspects([a for a in alone if a.with_title == first], phrases, language)
            told.append(phrases.nearer.format(words, quoted(title), quoted(first)))
        elif not theirs.deeds:
            told.append(phrases.only_one.format(quoted(title)))
    if _costs_less(position.item_id, other.item_id, records):
        told.append(phrases.cheaper)
    if len(told) == 1 and position.score > other.score:
        told.append(phrases.higher)
    return told[: 1 + _TOLD[named.length]] if len(told) > 1 else [phrases.nothing]


def _costs_less(item: str, other: str, records: Records) -> bool:
    ours, theirs = records.get(item, {}), records.get(other, {})
    one, two = ours.get("price"), theirs.get("price")
    if not isinstance(one, int | float) or not isinstance(two, int | float):
        return False
    return one < two and ours.get("currency") == theirs.get("currency")
