"""The words and signs of the language, and what people write in their place."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Literal

Scope = Literal["item", "user", "context"]

SCOPES: tuple[Scope, ...] = ("item", "user", "context")
"""Whose attribute a name is; one without a scope is the item's."""

KEYWORDS = frozenset({"and", "or", "not", "in", "contains", "is", "null", "true", "false", "now"})
"""Read in any case; after ``item.`` or in backticks they are names."""

SIGNS = frozenset({"!=", "<=", ">=", *"=<>+-*/()[],."})

FUNCTIONS: dict[str, tuple[int, int]] = {
    "min": (2, 1_000),
    "max": (2, 1_000),
    "abs": (1, 1),
    "log1p": (1, 1),
    "if": (3, 3),
    "age_days": (1, 1),
}
"""Fewest and most arguments."""

UNITS: dict[str, int] = {
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
    "ms": 1,
}
"""Milliseconds in a unit of duration."""

OPERATOR_WORDS = ("and", "or", "not", "in", "contains", "is")

OTHER_SIGNS: dict[str, str] = {
    "==": "=",
    "<>": "!=",
    "=<": "<=",
    "=>": ">=",
    "&&": "and",
    "||": "or",
    "!": "not",
    "&": "and",
    "|": "or",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2260": "!=",
    "\uff1d": "=",
    "\uff1c": "<",
    "\uff1e": ">",
    "\uff0b": "+",
    "\u2212": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\uff0d": "-",
    "\u00d7": "*",
    "\u00f7": "/",
    "\uff08": "(",
    "\uff09": ")",
    "\u3010": "[",
    "\u3011": "]",
    "\uff0c": ",",
    "\u201c": '"',
    "\u201d": '"',
    "\u2018": "'",
    "\u2019": "'",
}
"""Signs of other languages and keyboards, and ours in their place."""

OTHER_OPERATORS: dict[str, str] = {
    "like": "contains",
    "has": "contains",
    "includes": "contains",
    "equals": "=",
    "eq": "=",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "between": ">= and <=",
    "div": "/",
}

OTHER_FUNCTIONS: dict[str, str] = {
    "least": "min",
    "greatest": "max",
    "ln": "log1p",
    "case": "if",
    "days": "age_days",
    "days_since": "age_days",
}

_LONG = ("week", "day", "hour", "minute", "second")
OTHER_UNITS: dict[str, str] = {
    "sec": "s",
    "min": "m",
    "mins": "m",
    "mo": "30d",
    "month": "30d",
    "months": "30d",
    "y": "365d",
    "yr": "365d",
    "year": "365d",
    "years": "365d",
    **{f"{long}{end}": long[0] for long in _LONG for end in ("", "s")},
}

_LONGEST_GUESS = 40


def nearest(
    word: str, known: Collection[str], *, others: Mapping[str, str] | None = None
) -> str | None:
    """The known word that was probably meant.

    Args:
        word: What was written.
        known: Words that exist.
        others: Words of other languages, and ours in their place.
    """
    lowered = word.lower()
    if others and lowered in others:
        return others[lowered]
    if len(word) > _LONGEST_GUESS:
        return None
    for candidate in known:
        if candidate.lower() == lowered:
            return candidate
    candidates = [*known, *(others or {})]
    close = next(iter(difflib.get_close_matches(lowered, candidates, n=1, cutoff=0.6)), None)
    return others.get(close, close) if others and close else close


def scope(word: str) -> Scope | None:
    """The scope that a word names."""
    return next((each for each in SCOPES if each == word), None)


def did_you_mean(word: str | None) -> str:
    """The hint about a word that was probably meant, "" where there is none."""
    return f"did you mean {word}?" if word else ""


def starts_word(character: str) -> bool:
    """Whether a plain name can begin with a character: a letter of any script or _."""
    return character.isidentifier()


def continues_word(character: str) -> bool:
    """Whether a plain name can go on with a character."""
    return f"_{character}".isidentifier()


def is_plain(name: str) -> bool:
    """Whether a name after ``item.`` needs no backticks."""
    return name.isidentifier()
