"""What a column of a catalogue is: text, tags, numbers, or nothing to compare by."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import chain
from typing import Any, cast

_SAMPLE = 2_000
_SEPARATORS = re.compile(r"\s*[,;|、，；]\s*")
_PARENTHESES = re.compile(r"[(（][^)）]*[)）]")
_FEW_VALUES = 8
"""Numbers of so few distinct values are names of groups."""
_MOSTLY = 0.9
_SHARED = 0.2
"""Share of items that must share a value with another one for a column to hold tags."""
_WORDS = 3
_PIECE_WORDS = 4
TITLES = frozenset({"title", "name", "headline", "标题", "名称", "商品名", "书名", "片名"})
"""Names of columns that hold what an item is called."""
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af]")
_ADDRESS = re.compile(r"\w+://|www\.")


class Kind(StrEnum):
    """How a column is read."""

    TEXT = "text"
    TAGS = "tags"
    NUMBER = "number"
    UNUSED = "unused"


def kind_of(name: str, values: Sequence[Any]) -> Kind:
    """What a column holds, from its values (None where unknown); titles are texts at any length."""
    known = [value for value in values if value not in (None, "", [])]
    sample = known[:: max(1, len(known) // _SAMPLE)]
    if len(sample) < 2:
        return Kind.UNUSED
    if any(isinstance(value, list | tuple | set) for value in sample):
        return Kind.TAGS
    if all(isinstance(value, bool) for value in sample):
        return Kind.TAGS
    if sum(number_of(value) is not None for value in sample) >= _MOSTLY * len(sample):
        return Kind.TAGS if len(set(map(str, sample))) <= _FEW_VALUES else Kind.NUMBER
    texts = [str(value) for value in sample]
    if name.strip().casefold() in TITLES:
        return Kind.TEXT
    if any(_ADDRESS.match(text) for text in texts[:_FEW_VALUES]):
        return Kind.UNUSED
    pieces = [tags_of(text) for text in texts]
    if _shared(pieces) >= _SHARED and _short(chain.from_iterable(pieces)):
        return Kind.TAGS
    return Kind.TEXT if statistics.median(map(_words, texts)) >= _WORDS else Kind.UNUSED


def tags_of(value: Any) -> list[str]:  # noqa: ANN401 - whatever a catalogue holds
    """The tags in a value: those of a list, or the parts of a text between commas."""
    if value is None:
        return []
    if isinstance(value, list | tuple | set):
        found = cast(Iterable[object], value)
        parts = [str(part) for part in found if part is not None]
    else:
        parts = _SEPARATORS.split(_PARENTHESES.sub("", str(value)))
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def number_of(value: Any) -> float | None:  # noqa: ANN401
    """A finite number, or None."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if abs(number) < float("inf") else None


def _shared(tags: Sequence[Sequence[str]]) -> float:
    """Share of values that have a tag in common with another value."""
    counts = Counter(chain.from_iterable(tags))
    return sum(any(counts[tag] > 1 for tag in row) for row in tags) / len(tags)


def _short(pieces: Iterable[str]) -> bool:
    """Whether what stands between commas reads as a name rather than a clause."""
    lengths = [_words(piece) for piece in pieces]
    return bool(lengths) and statistics.median(lengths) <= _PIECE_WORDS


def _words(text: str) -> int:
    """Words, counting two characters of Chinese, Japanese or Korean as one."""
    wide = 0 if text.isascii() else len(_WIDE.findall(text))
    return len(text.split()) + wide // 2 if wide else len(text.split())
