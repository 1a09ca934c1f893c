"""Lines that are not regular, one by one: fields over several lines, stray quotes, wrong counts."""

from __future__ import annotations

import csv
from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

_MAX_LINES = 2_000
TOO_FEW = "too few fields"
TOO_MANY = "too many fields"
UNCLOSED = "a quote is never closed"
UNREADABLE = "the bytes are not valid in the file's encoding"


@dataclass(slots=True)
class Ragged:
    """What was made of irregular lines; lines are indices within the block.

    Attributes:
        lines: Where each row starts.
        rows: Its fields.
        broken: Line, reason and raw text of what is no row.
    """

    lines: list[int] = field(default_factory=list[int])
    rows: list[list[str | None]] = field(default_factory=list[list[str | None]])
    broken: list[tuple[int, str, str]] = field(default_factory=list[tuple[int, str, str]])


def read_ragged(
    picked: Sequence[int],
    odd: Sequence[int],
    text: Callable[[int], str],
    *,
    n_fields: int,
    mark: str,
    unreadable: Collection[int],
) -> Ragged:
    """Reads irregular lines.

    Args:
        picked: Lines to look at, ascending.
        odd: Lines with an odd number of quotes, ascending: a field may open there that a
            later odd line closes.
        text: The text of a line.
        n_fields: How many fields a row has.
        mark: The delimiter.
        unreadable: Lines that could not be decoded.
    """
    result = Ragged()
    after = -1
    odd_lines = set(odd)
    for line in picked:
        if line <= after or not text(line).strip():
            continue
        if line in unreadable:
            result.broken.append((line, UNREADABLE, text(line)))
            continue
        end = _partner(line, odd) if line in odd_lines else line
        row = _spanning(line, end, text, n_fields, mark) if end > line else None
        if row is not None:
            after = end
        else:
            row = _alone(text(line), n_fields, mark)
        if isinstance(row, str):
            result.broken.append((line, row, text(line)))
        else:
            result.lines.append(line)
            result.rows.append([value if value != "" else None for value in row])
    return result


def _partner(line: int, odd: Sequence[int]) -> int:
    at = bisect_left(odd, line) + 1
    return odd[at] if at < len(odd) and odd[at] - line <= _MAX_LINES else line


def _spanning(
    line: int, end: int, text: Callable[[int], str], n_fields: int, mark: str
) -> list[str] | None:
    """The one row that several lines make up, or None."""
    pieces = [text(i) + "\n" for i in range(line, end + 1)]
    pieces[-1] = pieces[-1].removesuffix("\n")
    try:
        records = list(csv.reader(pieces, delimiter=mark, strict=True))
    except csv.Error:
        return None
    return records[0] if len(records) == 1 and len(records[0]) == n_fields else None


def _alone(text: str, n_fields: int, mark: str) -> list[str] | str:
    """The fields of one line, or why it is no row."""
    try:
        fields = next(csv.reader([text], delimiter=mark), list[str]())
    except csv.Error as error:
        return f"not readable: {error}"
    if len(fields) == n_fields and not _unclosed(text, mark):
        return fields
    if text.count('"') % 2:
        return UNCLOSED
    return TOO_FEW if len(fields) < n_fields else TOO_MANY


def _unclosed(text: str, mark: str) -> bool:
    """Whether a field that begins with a quote runs to the end of the line without another."""
    try:
        list(csv.reader([text], delimiter=mark, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False
