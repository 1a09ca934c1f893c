"""What a query tells of its moment, read the same way from events and from requests.

A context is a JSON object of the caller's. Some names in it have a meaning here: device,
place, surface, query, hour, weekday. Everything else is left alone, and a value that makes no
sense is taken as unknown: a context never causes an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

KINDS = ("device", "place", "surface")
"""Names whose values are one of a few."""
QUERY = "query"
"""Name of the text that somebody searched for."""
NAMES = (*KINDS, QUERY)
"""Names of which the values are learned from events."""
_LONGEST = 100
"""Characters of a value, and of a word, that are read."""
_WORDS = 8
"""Words of a query that are read."""
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")
"""A Chinese character, or letters and digits in a row."""


def values_of(name: str, told: object) -> tuple[str, ...]:
    """The values that a context gives for a name: words of a query, else one value or none."""
    if not isinstance(told, (str, int, float)):
        return ()
    text = str(told)[: 10 * _LONGEST].casefold()
    if text.startswith(("{", "[")):  # events keep contexts as text: a list there looks like this
        return ()
    if name == QUERY:
        words = (word[:_LONGEST] for word in _WORD.findall(text))
        return tuple(dict.fromkeys(words))[:_WORDS]
    text = " ".join(text.split())[:_LONGEST]
    return (text,) if text else ()


def number_of(context: Mapping[str, Any], name: str, *, below: int) -> float | None:
    """A number of a context, or its text, rounded down; None where it is not in 0..below."""
    told = context.get(name)
    if isinstance(told, bool) or not isinstance(told, (str, int, float)):
        return None
    try:
        number = float(str(told)[:_LONGEST])
    except ValueError:
        return None
    return float(int(number)) if 0 <= number < below else None
