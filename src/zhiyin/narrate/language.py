"""Which language is spoken, and how names are written in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

Language: TypeAlias = Literal["en", "zh"]
"""A language that is spoken here."""

_LONGEST = 80
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_PLAIN = str.maketrans({"“": "'", "”": "'", '"': "'", "<": "\u2039", ">": "\u203a"})
_INCHES = re.compile(r'((?<![^\s(])"[^"]*")|(?<=\d)"')
_FEET = re.compile(r"((?<![^\s(])'[^']*')|(?<=\d)'(?!['a-z\d])", re.IGNORECASE)
"""A text between quotation marks, or a mark behind a number that is not at the end of one."""


def is_han(mark: str) -> bool:
    """Whether a character is a Chinese one."""
    return "㐀" <= mark <= "鿿"


def language_of(text: str) -> Language:
    """Chinese where at least one letter in five is a Chinese character, else English."""
    letters = [mark for mark in text if mark.isalpha()]
    return "zh" if 5 * sum(map(is_han, letters)) >= max(1, len(letters)) else "en"


def language_of_records(records: Iterable[Mapping[str, Any]]) -> Language:
    """The language of most titles of a catalogue; English where there are none."""
    titles = [str(record["title"]) for record in records if record.get("title")]
    chinese = sum(language_of(title) == "zh" for title in titles)
    return "zh" if chinese * 2 > len(titles) else "en"


def shown(text: object, *, most: int = _LONGEST) -> str:
    """A text of the catalogue as one line that can be put between quotation marks.

    Control, zero-width and bidirectional characters and markup are dropped, so that what a
    title holds stays a title. Quotation marks become single ones, 12" becomes 12″.

    Args:
        text: Whatever a record holds.
        most: Characters at most; the rest is cut off, and that is shown.
    """
    kept = "".join(" " if c.isspace() else c for c in str(text)[: 10 * most] if _is_shown(c))
    line = " ".join(_measured(kept).translate(_PLAIN).split())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    if " " in cut[most // 2 :] and not line[most - 1].isspace():
        cut = cut[: cut.rindex(" ")]
    return cut.rstrip() + "…"


def plain_marks(text: str) -> str:
    """A text as it is compared: small letters, usual marks, 12" as 12″; each where it was."""
    text = _measured(text)
    return text.lower() if text.isascii() else "".join(map(_plain_mark, text))


def quoted(text: object) -> str:
    """A name between quotation marks, the same in both languages."""
    return f"“{shown(text)}”"


def listed(parts: Sequence[str], language: Language) -> str:
    """Names in a row: "A", "A and B", "A, B and C", or their Chinese counterparts."""
    if len(parts) < 2:
        return "".join(parts)
    if language == "zh":
        return f"{'、'.join(parts[:-1])}和{parts[-1]}"
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _measured(text: str) -> str:
    """Inches and feet, which look like quotation marks, by marks of their own."""
    text = _INCHES.sub(lambda found: found[1] or "\u2033", text)
    return _FEET.sub(lambda found: found[1] or "\u2032", text)


def _plain_mark(mark: str) -> str:
    plain = unicodedata.normalize("NFKC", mark)
    low = (plain if len(plain) == 1 else mark).lower()
    return low if len(low) == 1 else mark


def _is_shown(mark: str) -> bool:
    return mark.isspace() or unicodedata.category(mark) not in _HIDDEN
