"""What a message points at: places of the slate, items by their titles, attributes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zhiyin.narrate.chat import commands as say
from zhiyin.narrate.chat.clauses import Clause, normal
from zhiyin.narrate.chat.vocabulary import Vocabulary


def places_in(text: str) -> tuple[int, ...]:
    """The places of the last slate that a text names; -1 for the last."""
    if several := say.FIRST_TWO.search(text):
        word = next((part for part in several.groups() if part), "two")
        return tuple(range(3 if word in ("three", "3", "三") else 2))
    found = [
        say.PLACES.get(next(part for part in match.groups() if part))
        for match in say.ORDINAL.finditer(text)
    ]
    return tuple(dict.fromkeys(place for place in found if place is not None))


def unsorted(text: str) -> str:
    """A text without what asks for an order: "newest first" means no place."""
    for pattern, _, _ in say.SORT:
        text = re.sub(rf"(?:{pattern})(?: (?:ones )?first)?", lambda m: " " * len(m[0]), text)
    return text


def dropped_in(parts: Sequence[Clause]) -> list[str]:
    """Attributes that do not matter any more, named in the clause that says so."""
    found: list[str] = []
    for part in parts:
        for drop in say.DROP.finditer(part.text):
            after, before = part.text[drop.end() :][:16], part.text[: drop.start()][-10:]
            near = [f for f, names in say.FIELDS.items() if re.match(rf"\s*(?:{names})", after)]
            near = near or [
                f
                for f, names in say.FIELDS.items()
                if re.search(rf"(?:{names})\W*(?:\w{{0,3}}\W*)?$", before)
            ]
            near = near or [f for f, names in say.FIELDS.items() if re.search(names, after[:8])]
            found += near
    found += ["mpaa"] if "rating" in found else []
    return list(dict.fromkeys(found))


def same_in(text: str, words: Vocabulary) -> str:
    """The attribute of the item meant that is asked for again."""
    if not (say.SAME.search(text) or say.MORE.search(text)):
        return ""
    named = [f for f, names in say.FIELDS.items() if re.search(names, text)]
    return next((f for f in named if f in words.fields), "")


def other_in(text: str, words: Vocabulary) -> str:
    """The attribute in which what comes next must differ from what was shown."""
    match = say.OTHER.search(text)
    if match is None:
        return ""
    named = [f for f, names in say.FIELDS.items() if re.search(names, match[0])]
    return next((f for f in named if f in words.fields), "")


def titles_named(message: str, text: str, words: Vocabulary) -> tuple[str, ...]:
    """Items that are named: in quotation marks, or where a question is asked about one."""
    quoted = say.QUOTED.search(normal_quotes(message))
    if quoted and (item := words.item_called(quoted[1])):
        return (item,)
    if say.LIKE.search(text) or say.LOVED.search(text):
        written = _written(message, text, words)
        if written:
            return tuple(dict.fromkeys(item for _, _, item in written))
    if not (say.WHY.search(text) or say.DESCRIBE.search(text) or say.COMPARE.search(text)):
        return ()
    found = words.titles_in(text)
    return tuple(dict.fromkeys(item for start, end, item in found if end - start > 3))


def without_titles(message: str, text: str, words: Vocabulary) -> str:
    """A text without the titles that it names as examples: their words are no wishes."""
    quoted = say.QUOTED.search(normal_quotes(message))
    if quoted and words.item_called(quoted[1]):
        return text.replace(normal(quoted[1]), " ")
    for start, end, _ in sorted(_written(message, text, words), reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return text


def _written(message: str, text: str, words: Vocabulary) -> list[tuple[int, int, str]]:
    """The titles that stand in a message with a capital, and not at the start of it."""

    def has_capital(title: str) -> bool:
        at = message.casefold().find(title, 1)
        return len(title) > 3 and at > 0 and message[at].isupper()

    return [named for named in words.titles_in(text) if has_capital(text[named[0] : named[1]])]


def normal_quotes(message: str) -> str:
    """A message with its quotation marks as they are."""
    return " ".join(message[:2000].split())
