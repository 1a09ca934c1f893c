"""Where in a text something is wrong: the line, and a caret below it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from zhiyin.core.errors import ExpressionError

Place = tuple[int, int]
"""First character and the one after the last, counted from 0."""

_BEFORE, _AFTER = 40, 32
_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Source:
    """The text of an expression."""

    text: str

    def error(self, message: str, place: Place, *, hint: str = "") -> ExpressionError:
        """The error about a place, with the line and carets below it."""
        shown = f"{message}\n{excerpt(self.text, place)}"
        return ExpressionError(shown, position=place[0], hint=hint)


def excerpt(text: str, place: Place) -> str:
    """The line around a place, at most some 80 characters of it, and carets below.

    What cannot be printed is shown as U+FFFD; characters of double width get two carets.
    """
    start = min(place[0], len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    first, last = max(line_start, start - _BEFORE), min(line_end, start + _AFTER)
    head = ("…" if first > line_start else "") + printable(text[first:start])
    marked = printable(text[start : max(start, min(place[1], last))])
    tail = printable(text[start + len(marked) : last]) + ("…" if last < line_end else "")
    carets = "^" * max(1, _width(marked))
    return f"  {head}{marked}{tail}".rstrip() + f"\n  {' ' * _width(head)}{carets}"


def printable(text: str) -> str:
    """Text of the same length in which every character can be shown."""
    return "".join(c if c.isprintable() else " " if c == "\t" else "\ufffd" for c in text)


def quoted(text: str) -> str:
    """Text as messages show it: in quotation marks, the end cut off where it is long."""
    return f'"{printable(text[:_SHOWN])}{"…" if len(text) > _SHOWN else ""}"'


def _width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
