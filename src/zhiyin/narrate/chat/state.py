"""What a conversation remembers, as plain data."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, TypeAlias, cast

from pydantic import Field

from zhiyin.core.slate import Frozen
from zhiyin.narrate.language import Language

Op: TypeAlias = Literal["has", "lacks", "<", "<=", ">", ">=", "=="]
"""What is asked of an attribute."""
Direction: TypeAlias = Literal["asc", "desc"]
PEOPLE = ("directors", "writers", "actors", "authors", "artist")
"""Attributes that may name several people in one text, with commas between them."""

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
    """Name of the attribute; "title" for a word that titles have or lack."""
    op: Op
    """What is asked of it."""
    value: str | float
    """By which value."""
    or_else: tuple[str, ...] = ()
    """Further values of which one is enough."""

    @property
    def values(self) -> tuple[str, ...]:
        """All values as texts, of which one is enough."""
        return (str(self.value), *self.or_else)


class ChatState(Frozen):
    """A conversation so far; it goes to and fro as JSON."""

    user_id: str | None = None
    """Who speaks; None for somebody unknown."""
    language: Language = "en"
    """Of the last message."""
    wishes: list[Wish] = Field(default_factory=list[Wish])
    """In force now."""
    topic: list[list[str]] = Field(default_factory=list[list[str]])
    """What is searched for, in the user's words: of each group one word is enough; empty for
    what suits them anyway."""
    order: tuple[str, Direction] | None = None
    """The attribute that slates are ordered by."""
    slate: list[str] = Field(default_factory=list[str])
    """The items shown last."""
    seen: list[str] = Field(default_factory=list[str])
    """All items shown in this conversation."""
    refused: list[str] = Field(default_factory=list[str])
    """Items that the user does not want to see again."""
    brief: bool = False
    """Whether short answers were asked for."""
    explained: list[str] = Field(default_factory=list[str])
    """The items that the last answer explained, where it did."""
    declined: bool = False
    """Whether the last message was about somebody else."""
    offered: list[Wish] = Field(default_factory=list[Wish])
    """What the last message wished: may be kept once the user agrees."""
    remembered: list[list[Wish]] = Field(default_factory=list[list[Wish]])
    """What the user asked to be kept, message by message, the latest last."""


def folded(text: object) -> str:
    """A text as values are compared: half-width, in small letters, without hidden characters.

    Inches and feet have the marks of a keyboard, whether they came as 12″ or as 12".
    """
    return _folded(str(text))


@lru_cache(maxsize=20_000)
def _folded(text: str) -> str:
    if text.isascii() and text.isprintable():
        return " ".join(text.casefold().split())
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = plain.replace("\u2032\u2032", '"').replace("\u2032", "'")
    kept = "".join(c for c in plain if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())


def parts_of(field: str, value: object) -> list[str]:
    """The single values of an attribute."""
    if isinstance(value, list | tuple):
        return [str(part) for part in cast("Sequence[object]", value)]
    if not isinstance(value, str) or not value.strip():
        return []
    if field in PEOPLE and "," in value:
        return [part.strip() for part in value.split(",") if part.strip()]
    return [value.strip()]


def fits(record: Mapping[str, Any], wishes: Sequence[Wish]) -> bool:
    """Whether an item keeps all wishes; what is not recorded keeps none but "lacks"."""
    return all(_keeps(record.get(wish.field), wish) for wish in wishes)


def _keeps(value: object, wish: Wish) -> bool:
    if wish.op in ("has", "lacks"):
        wanted = {folded(each) for each in wish.values}
        if isinstance(value, int | float) and not isinstance(value, bool):
            held = f"{value:g}" in wanted
        elif wish.field == "title":
            title = folded(value or "")
            held = any(word in title for word in wanted)
        else:
            held = any(folded(part) in wanted for part in parts_of(wish.field, value))
        return held if wish.op == "has" else not held
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return _COMPARE[wish.op](float(value), float(wish.value))
