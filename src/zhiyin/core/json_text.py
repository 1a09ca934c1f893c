"""What may be kept as JSON, so that whoever reads it again can."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import cast

DEEPEST = 32
"""Lists and objects within one another, at most: readers that recurse must come to an end."""
LARGEST = 2**63
"""Whole numbers stay below it, and at or above its negative: columns hold them in 64 bits."""


def json_text(fields: Mapping[str, object]) -> str:
    """An object as JSON text.

    Raises:
        ValueError: A part is nothing that can be kept: another type, a number that is not finite
            or does not fit 64 bits, a text that UTF-8 cannot carry, or nested too deeply. The
            message names the field.
    """
    for name, value in fields.items():
        problem = _problem(name, 1) or _problem(value, 1)
        if problem:
            raise ValueError(f"{name.encode('utf-8', 'replace').decode()}: {problem}")
    return json.dumps(fields, ensure_ascii=False, allow_nan=False)


def is_too_deep(value: object) -> bool:
    """Whether lists and objects stand within one another more than `DEEPEST` times."""
    level: list[object] = [value]
    for _ in range(DEEPEST + 1):
        parts: list[object] = []
        for each in level:
            if isinstance(each, dict):
                parts += cast("dict[str, object]", each).values()
            elif isinstance(each, list):
                parts += cast("list[object]", each)
        level = parts
        if not level:
            return False
    return any(isinstance(each, (dict, list)) for each in level)


def _problem(value: object, depth: int) -> str:
    """What is wrong with a value; "" where nothing is."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return _unreadable(value)
    if isinstance(value, int):
        return "" if -LARGEST <= value < LARGEST else "a whole number that 64 bits do not hold"
    if isinstance(value, float):
        return "" if math.isfinite(value) else "a number that is not finite"
    if not isinstance(value, (list, tuple, dict)):
        return f"a {type(value).__name__} is nothing that JSON can carry"
    if depth > DEEPEST:
        return f"lists and objects within one another, more than {DEEPEST}"
    parts = cast("Iterable[object]", value)
    if isinstance(value, dict):
        named = cast("dict[object, object]", value)
        if not all(isinstance(name, str) for name in named):
            return "a name that is no text"
        parts = [*named.keys(), *named.values()]
    return next((told for part in parts if (told := _problem(part, depth + 1))), "")


def _unreadable(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "a text with half a character"
    return ""
