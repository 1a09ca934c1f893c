"""Objects out of what a language model wrote: found, mended, or refused; never an error."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

_Shape = TypeVar("_Shape", bound=BaseModel)
_READ = 100_000
_DEEPEST = 20
_TRAILING = re.compile(r",\s*(?=[}\]])")
_UNFINISHED = re.compile(r"[,:\s]+$")


def read_object(text: str, shape: type[_Shape]) -> _Shape | None:
    """The first object in a text that has a shape, or None.

    What stands around it is ignored (a fence, a preface); commas before a closing bracket
    are dropped; an object that breaks off is closed where it ends.
    """
    text = text[:_READ]
    start = text.find("{")
    if start < 0:
        return None
    for candidate in _candidates(text[start:]):
        try:
            return shape.model_validate(candidate)
        except ValidationError:
            continue
    return None


def _candidates(text: str) -> list[Any]:
    found: list[Any] = []
    end, closing = _extent(text)
    for version in (text[:end], _TRAILING.sub("", text[:end]), _closed(text, closing)):
        try:
            found.append(json.loads(version, strict=False))
        except (ValueError, RecursionError):
            continue
    return found


def _extent(text: str) -> tuple[int, str]:
    """Where the object ends, and which marks are missing there (none if it is whole)."""
    waiting: list[str] = []
    quoted = escaped = False
    for at, mark in enumerate(text):
        if quoted:
            quoted = escaped or mark != '"'
            escaped = mark == "\\" and not escaped
        elif mark == '"':
            quoted = True
        elif mark in "{[":
            waiting.append("}" if mark == "{" else "]")
            if len(waiting) > _DEEPEST:
                return 0, ""
        elif mark in "}]":
            if not waiting or waiting.pop() != mark:
                return at, ""
            if not waiting:
                return at + 1, ""
    return len(text), ('"' if quoted else "") + "".join(reversed(waiting))


def _closed(text: str, closing: str) -> str:
    if not closing:
        return ""
    body = text if closing.startswith('"') else _UNFINISHED.sub("", text)
    return _TRAILING.sub("", body.rstrip("\\") + closing)
