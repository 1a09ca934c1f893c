"""Nodes without parts, and what every node has: frozen, comparable, printed as they parse."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import cast

from zhiyin.policy.expressions.places import Place
from zhiyin.policy.expressions.words import UNITS, Scope, is_plain

_EPOCH = date(1970, 1, 1)
_DAY_MS = UNITS["d"]


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression; equality disregards where in the source it stood."""

    place: Place = field(default=(0, 0), compare=False, repr=False, kw_only=True)

    @property
    def children(self) -> tuple[Node, ...]:
        """The parts directly below, from left to right."""
        held = [getattr(self, part.name) for part in fields(self)]
        groups = [cast("tuple[object, ...]", h) if isinstance(h, tuple) else (h,) for h in held]
        return tuple(part for group in groups for part in group if isinstance(part, Node))


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """What is known of the item, the user or the context under a name."""

    scope: Scope
    name: str

    def __str__(self) -> str:
        plain = is_plain(self.name)
        return f"{self.scope}." + (self.name if plain else f"`{self.name.replace('`', '``')}`")


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A finite number; the sign belongs to it."""

    value: float

    def __str__(self) -> str:
        whole = abs(self.value) < 1e15 and self.value == int(self.value)
        return str(int(self.value)) if whole else repr(self.value)


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A text, written as a JSON string."""

    value: str

    def __str__(self) -> str:
        return json.dumps(self.value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Boolean(Node):
    """Yes or no."""

    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(frozen=True, slots=True)
class Instant(Node):
    """A point in time, in milliseconds since the epoch."""

    milliseconds: int

    def __str__(self) -> str:
        days, rest = divmod(self.milliseconds, _DAY_MS)
        day = (_EPOCH + timedelta(days=days)).isoformat()
        if not rest:
            return day
        seconds, fraction = divmod(rest, 1000)
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        return f"{day}T{clock}{f'.{fraction:03}' if fraction else ''}Z"


@dataclass(frozen=True, slots=True)
class Duration(Node):
    """A length of time in milliseconds, written in the largest unit from days down that fits."""

    milliseconds: int

    def __str__(self) -> str:
        unit = next(u for u in ("d", "h", "m", "s", "ms") if self.milliseconds % UNITS[u] == 0)
        return f"{self.milliseconds // UNITS[unit]}{unit}"


@dataclass(frozen=True, slots=True)
class Now(Node):
    """The time at which the expression is evaluated."""

    def __str__(self) -> str:
        return "now"


@dataclass(frozen=True, slots=True)
class Null(Node):
    """Nothing is known."""

    def __str__(self) -> str:
        return "null"


Constant = Number | Text | Boolean | Instant | Duration
"""What a list after ``in`` may hold."""
