"""What the rules need to know of the candidates of one query."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from zhiyin.policy.rules.config import RulesConfig

Value = str | int
Column = Sequence[Value | Sequence[Value] | None]
"""What each candidate has in a column: a value, several, or None."""
Mask = NDArray[np.bool_]
Key = tuple[str, Value]
"""A column and one of its values."""

_SLACK = 1e-9
"""So that 30 % of 10 places are 3."""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Candidates as the rules see them.

    Attributes:
        barred: Candidates that are not shown, and why.
        keys: The capped values of each candidate, (column, value), none twice.
        marked: Whether each candidate is promoted.
        length: Places of the list: as many as n and the candidates allow.
        caps: At most so many per value, by column.
        at_least: Places for marked items, at least.
        at_most: Places for marked items, at most.
    """

    barred: dict[int, str]
    keys: list[tuple[Key, ...]]
    marked: list[bool]
    length: int
    caps: dict[str, int]
    at_least: int
    at_most: int

    @property
    def free(self) -> list[int]:
        """The candidates that may be shown, in order."""
        return [i for i in range(len(self.keys)) if i not in self.barred]


class Choice:
    """Candidates chosen so far, and how they count.

    Args:
        facts: The candidates.
        pinned: Those that are in whatever the other rules say.
    """

    def __init__(self, facts: Facts, pinned: Iterable[int]) -> None:
        self._facts = facts
        self.chosen: set[int] = set()
        self.counts: Counter[Key] = Counter()
        self.marked = 0
        for i in pinned:
            self.take(i)

    def __len__(self) -> int:
        return len(self.chosen)

    def take(self, i: int) -> None:
        """Adds a candidate."""
        self.chosen.add(i)
        self.counts.update(self._facts.keys[i])
        self.marked += self._facts.marked[i]

    def drop(self, i: int) -> None:
        """Takes a candidate out."""
        self.chosen.remove(i)
        self.counts.subtract(self._facts.keys[i])
        self.marked -= self._facts.marked[i]

    def exceeded(self, i: int, *, without: int | None = None) -> int:
        """How many caps another candidate would break, perhaps in the place of one."""
        caps, gone = self._facts.caps, () if without is None else self._facts.keys[without]
        keys = self._facts.keys[i]
        return sum(self.counts[key] - (key in gone) >= caps[key[0]] for key in keys)

    def extend(self, candidates: Iterable[int], *, length: int) -> None:
        """Adds those of some candidates that keep the caps, up to a length."""
        for i in candidates:
            if len(self) >= length:
                return
            if i not in self.chosen and not self.exceeded(i):
                self.take(i)

    def exchange(self, candidates: Iterable[int], *, fixed: set[int], marked: bool) -> bool:
        """Brings in the first candidate with (or without) a mark for the last one without.

        Args:
            candidates: Where to look, in order.
            fixed: Chosen ones that stay.
            marked: What the one that comes in has.

        Returns:
            Whether there was a pair that breaks no more caps than before.
        """
        out = sorted(i for i in self.chosen - fixed if self._facts.marked[i] != marked)[::-1]
        for i in candidates:
            if i in self.chosen or self._facts.marked[i] != marked:
                continue
            for other in out:
                if self.exceeded(i, without=other) <= self._breaks(other):
                    self.drop(other)
                    self.take(i)
                    return True
        return False

    def _breaks(self, i: int) -> int:
        """How many broken caps a chosen candidate has a part in."""
        return sum(self.counts[key] > self._facts.caps[key[0]] for key in self._facts.keys[i])


def gathered(
    items: Sequence[str],
    config: RulesConfig,
    *,
    n: int,
    columns: Mapping[str, Column],
    promoted: Mask | None,
    masks: Mapping[str, Mask | None],
) -> Facts:
    """The facts of one query; arguments as for `apply_rules`."""
    barred = _barred(items, config, masks)
    length = max(0, min(n, len(items) - len(barred)))
    caps = {column: cap for column, cap in config.caps.items() if column in columns}
    keys: list[list[Key]] = [[] for _ in items]
    for column in caps:
        for mine, found in zip(keys, columns[column], strict=True):
            mine += [(column, value) for value in dict.fromkeys(_several(found))]
    return Facts(
        barred,
        [tuple(mine) for mine in keys],
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
    seen: set[str] = set()
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
