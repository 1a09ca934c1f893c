"""What a conversation remembers, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, cast

from pydantic import Field

from zhiyin.core.slate import Frozen
from zhiyin.narrate.language import Language

Op: TypeAlias = Literal["has", "lacks", "<", "<=", ">", ">=", "=="]
"""What is asked of an attribute."""
Direction: TypeAlias = Literal["asc", "desc"]

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
}


class Wish(Frozen):
    """Something that every item must keep until the user takes it back."""

    field: str
    """Name of the attribute."""
    op: Op
    """What is asked of it."""
    value: str | float
    """By which value."""


class ChatState(Frozen):
    """A conversation so far; it goes to and fro as JSON."""

    user_id: str | None = None
    """Who speaks; None for somebody unknown."""
    language: Language = "en"
    """Of the last message."""
    wishes: list[Wish] = Field(default_factory=list[Wish])
    """In force now."""
    topic: str = ""
    """What is searched for, in the user's words; "" for what suits them anyway."""
    order: tuple[str, Direction] | None = None
    """The attribute that slates are ordered by."""
    slate: list[str] = Field(default_factory=list[str])
    """The items shown last."""
    seen: list[str] = Field(default_factory=list[str])
    """All items shown in this conversation."""
    brief: bool = False
    """Whether short answers were asked for."""


def fits(record: Mapping[str, Any], wishes: Sequence[Wish]) -> bool:
    """Whether an item keeps all wishes; what is not recorded keeps none but "lacks"."""
    return all(_keeps(record.get(wish.field), wish) for wish in wishes)


def _keeps(value: object, wish: Wish) -> bool:
    if wish.op in ("has", "lacks"):
        values = cast("Sequence[object]", value) if isinstance(value, list | tuple) else [value]
        held = any(str(part).casefold() == str(wish.value).casefold() for part in values)
        return held if wish.op == "has" else not held
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return _COMPARE[wish.op](float(value), float(wish.value))
