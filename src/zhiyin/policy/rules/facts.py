"""What the rules need to know of the candidates of one query."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.errors import DataError
from zhiyin.policy.rules.config import RulesConfig

Value = str | int
Column = Sequence[Value | Sequence[Value] | None]
"""What each candidate has in a column: a value, several, or None."""
Mask = NDArray[np.bool_]
Key = tuple[str, Value]
"""A column and one of its values."""

_SLACK = 1e-9
"""So that 30 % of 10 places are 3."""


class Keys:
    """The capped values of each candidate, worked out for those that are asked for."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = columns
        self._known: dict[int, tuple[Key, ...]] = {}

    def __getitem__(self, i: int) -> tuple[Key, ...]:
        """Pairs (column, value) of a candidate, none twice."""
        if i not in self._known:
            self._known[i] = tuple(
                (column, value)
                for column, found in self._columns.items()
                for value in dict.fromkeys(_several(found[i]))
            )
        return self._known[i]


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Candidates as the rules see them.

    Attributes:
        barred: Candidates that are not shown, and why.
        free: The others, in order.
        keys: The capped values of each candidate.
        marked: Whether each candidate is promoted.
        length: Places of the list: as many as n and the candidates allow.
        caps: At most so many per value, by column.
        at_least: Places for marked items, at least.
        at_most: Places for marked items, at most.
    """

    barred: dict[int, str]
    free: list[int]
    keys: Keys
    marked: list[bool]
    length: int
    caps: dict[str, int]
    at_least: int
    at_most: int


def gathered(
    items: Sequence[str],
    config: RulesConfig,
    *,
    n: int,
    columns: Mapping[str, Column],
    promoted: Mask | None,
    masks: Mapping[str, Mask | None],
) -> Facts:
    """The facts of one query; arguments as for `apply_rules`.

    Raises:
        DataError: A column or a mask is not as long as the candidates.
    """
    for name, given in (*columns.items(), *masks.items(), ("promoted", promoted)):
        if given is not None and len(given) != len(items):
            raise DataError(
                f"{name} has {len(given)} entries for {len(items)} candidates",
                hint="give one entry per candidate, in their order",
            )
    barred = _barred(items, config, masks)
    free = [i for i in range(len(items)) if i not in barred] if barred else [*range(len(items))]
    length = max(0, min(n, len(items) - len(barred)))
    caps = {column: cap for column, cap in config.caps.items() if column in columns}
    return Facts(
        barred,
        free,
        Keys({column: columns[column] for column in caps}),
        [False] * len(items) if promoted is None else promoted.tolist(),
        length,
        caps,
        math.ceil(config.promoted_at_least * length - _SLACK),
        math.floor(config.promoted_at_most * length + _SLACK),
    )


def _barred(
    items: Sequence[str], config: RulesConfig, masks: Mapping[str, Mask | None]
) -> dict[int, str]:
    """Why candidates are not shown; of an id that comes twice, the later ones are not."""
    reasons = dict.fromkeys(config.exclude, "excluded by name")
    for reason, mask in masks.items():
        if mask is not None:
            for item in compress(items, mask.tolist()):
                reasons.setdefault(item, reason)
    barred: dict[int, str] = {}
    seen: set[str] = set(items)
    if len(seen) == len(items) and seen.isdisjoint(reasons):
        return barred
    seen.clear()
    for i, item in enumerate(items):
        if item in reasons:
            barred[i] = reasons[item]
        elif item in seen:
            barred[i] = "repeated"
        seen.add(item)
    return barred


def _several(found: Value | Sequence[Value] | None) -> Sequence[Value]:
    if found is None:
        return ()
    return (found,) if isinstance(found, str | int) else found
