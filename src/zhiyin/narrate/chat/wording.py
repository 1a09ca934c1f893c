"""Wishes, reasons and items in words, from records alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zhiyin.narrate.chat.phrases import FIELDS, PHRASES, UNITS
from zhiyin.narrate.chat.state import Wish, fits, folded, parts_of
from zhiyin.narrate.explain.reasons import title_of
from zhiyin.narrate.language import Language, listed, quoted

_TOLD = ("categories", "genres", "brand", "directors", "authors", "artist", "year", "mpaa",
         "price", "rating", "colour", "material")  # fmt: skip
_MOST = 4


def told_wish(wish: Wish, language: Language) -> str:
    """A wish in words."""
    name = FIELDS[language].get(wish.field, wish.field)
    if wish.op == "lacks" and wish.field == "year":
        first, last = wish.values[0], wish.values[-1]
        return f"{name} {'不要' if language == 'zh' else 'not '}{first}–{last}"
    if wish.op in ("has", "lacks"):
        no = ("不要" if language == "zh" else "no ") if wish.op == "lacks" else ""
        values = (wish.values[:1] if wish.field == "title" else wish.values)[:_MOST]
        either = ("或" if language == "zh" else " or ").join(quoted(value) for value in values)
        return f"{name} {no}{either}"
    return f"{name} {wish.op} {float(wish.value):g}"


def reasons(
    record: Mapping[str, Any],
    wishes: Sequence[Wish],
    topic: Sequence[Sequence[str]],
    language: Language,
) -> list[str]:
    """The recorded facts of an item that keep what was asked for."""
    found: list[str] = []
    for wish in wishes:
        if wish.op == "lacks" or wish.field == "title" or not fits(record, [wish]):
            continue
        fact = told_fact(record, wish.field, language)
        if fact and fact not in found:
            found.append(fact)
    title = folded(record.get("title") or "")
    named = [next((w for w in group if folded(w) in title), "") for group in topic]
    words = [quoted(word) for word in named if word]
    if words and not found:
        found.append(PHRASES[language]["title_names"].format(listed(words[:_MOST], language)))
    return found


def described(item: str, records: Mapping[str, Mapping[str, Any]], language: Language) -> str:
    """What is recorded of an item, its texts left out: they are its owner's, not ours."""
    record = records[item]
    facts = [fact for field in _TOLD if (fact := told_fact(record, field, language))]
    title = quoted(title_of(item, records))
    if not facts:
        return PHRASES[language]["described_none"].format(title)
    return PHRASES[language]["described"].format(
        title, ("；" if language == "zh" else "; ").join(facts)
    )


def told_fact(record: Mapping[str, Any], field: str, language: Language) -> str:
    """An attribute of an item in words; "" where it is not recorded."""
    value = record.get(field)
    name = FIELDS[language].get(field, field)
    gap = "" if language == "zh" else " "
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int | float):
        unit = UNITS[language].get(field, "")
        return f"{name}{gap}{float(value):g}{unit}"
    parts = parts_of(field, value)[:_MOST]
    return f"{name}{gap}{listed([quoted(part) for part in parts], language)}" if parts else ""
