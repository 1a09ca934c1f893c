"""Candidates under caps: who comes in, and who makes room."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from zhiyin.policy.rules.facts import Facts, Key


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
        return sum([self.counts[key] - (key in gone) >= caps[key[0]] for key in keys])

    def extend(self, candidates: Iterable[int], *, length: int) -> None:
        """Adds those of some candidates that keep the caps, up to a length."""
        for i in candidates:
            if len(self) >= length:
                return
            if i not in self.chosen and not self.exceeded(i):
                self.take(i)

    def exceed(self, candidates: Iterable[int], *, length: int) -> None:
        """Adds candidates up to a length when none is left that keeps the caps.

        Each is the first of those that break the fewest. That number never falls while
        candidates are added, so the search ends at the first that breaks no more than the
        one before.
        """
        least = 1.0
        while len(self) < length:
            best: tuple[float, int] = (math.inf, -1)
            for i in candidates:
                if i not in self.chosen and (breaks := self.exceeded(i)) < best[0]:
                    best = (breaks, i)
                    if breaks <= least:
                        break
            least = best[0]
            self.take(best[1])

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
