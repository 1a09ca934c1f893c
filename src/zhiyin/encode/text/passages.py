"""A text as passages, short enough that one vector holds what each says.

The vector of a long text is the mean of all it speaks of; a question is mostly about one
thing. So a text is searched by its sentences too, short ones joined.
"""

from __future__ import annotations

import re

from zhiyin.encode.text.cleaning import clean

_END = re.compile("(?<=[。！？；])|(?<=[.!?;])\\s+|(?<=[!?;])(?=[\u2e80-\u9fff])")
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_LETTERS_PER_IDEOGRAPH = 3
LEAST = 40
"""Letters of a passage at least; a Chinese character counts as three."""
MOST = 12
"""Passages of a text at most: what comes later is not searched by meaning."""


def passages(text: str, *, most: int = MOST) -> list[str]:
    """The sentences of a text in order, short ones joined with the next, at most ``most``.

    Markup is removed first; an empty text has no passages.
    """
    cleaned, _ = clean(text)
    found: list[str] = []
    waiting = ""
    for sentence in _END.split(cleaned):
        waiting = f"{waiting} {sentence.strip()}".strip()
        if letters(waiting) >= LEAST:
            found.append(waiting)
            waiting = ""
        if len(found) == most:
            return found
    if waiting and found and letters(waiting) < LEAST // 2:
        found[-1] = f"{found[-1]} {waiting}"
    elif waiting:
        found.append(waiting)
    return found


def letters(text: str) -> int:
    """Characters, a Chinese one counting as three."""
    wide = 0 if text.isascii() else len(_WIDE.findall(text))
    return len(text) + (_LETTERS_PER_IDEOGRAPH - 1) * wide
