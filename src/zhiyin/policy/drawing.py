"""Slates that are drawn under rules, with propensities that stay exact.

A rule that moves items after a draw would make the policy's odds a lie. So rules, diversity
and fairness are constraints of the draw: place after place those candidates are found that may
stand there, given the places before, and the policy draws one of them. What may stand
there depends on the earlier places alone, so the odds of that one draw are the propensity of
the place, and their product is the probability of the slate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Odds, Policy
from zhiyin.policy.diversity import Marginal
from zhiyin.policy.fairness import due
from zhiyin.policy.rules.choosing import Choice
from zhiyin.policy.rules.config import LostRule, RulesConfig
from zhiyin.policy.rules.facts import Column, Facts, Mask, gathered
from zhiyin.policy.rules.losing import lost_caps, lost_shares, pinned_places


@dataclass(frozen=True, slots=True, eq=False)
class Quotas:
    """Groups of candidates, and the places that they are owed.

    Attributes:
        groups: Group of each candidate, shape (c,); -1: of no group.
        owed: From `zhiyin.policy.fairness.owed_places`, shape (n, groups).
    """

    groups: NDArray[np.integer]
    owed: NDArray[np.int64]

    def candidates(self, picked: Sequence[int]) -> Mask | None:
        """Which candidates may have the next place, bool of shape (c,); None: all."""
        if len(picked) >= len(self.owed):
            return None
        before = self.groups[np.asarray(picked, dtype=np.int64)]
        taken = np.bincount(before[before >= 0], minlength=self.owed.shape[1])
        found = due(self.owed, taken, len(picked))
        return None if found is None else np.isin(self.groups, found)


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A slate that was drawn.

    Attributes:
        places: Indices into the candidates, int64 of shape (n,), first place first.
        propensities: Odds of each place given those before, float64 of shape (n,).
        odds: How they are known.
        lost: Rules that could not be kept.
    """

    places: NDArray[np.int64]
    propensities: NDArray[np.float64]
    odds: Odds
    lost: tuple[LostRule, ...]


def draw_by_rules(
    items: Sequence[str],
    scores: Floats,
    *,
    n: int,
    policy: Policy,
    rng: np.random.Generator,
    rules: RulesConfig,
    spare: int,
    columns: Mapping[str, Column] | None = None,
    promoted: Mask | None = None,
    excluded: Mask | None = None,
    hidden: Mask | None = None,
    marginal: Marginal | None = None,
    quotas: Quotas | None = None,
) -> Drawn:
    """Draws a slate place after place among the candidates that keep the rules.

    Rules yield to one another as in `apply_rules`; quotas yield to all of them. A pinned
    item has its place with propensity 1. Promoted items that are still to come are held
    in reserve under the caps, so that a draw does not use up what they need.

    Args:
        items: Ids of the candidates.
        scores: float32 of shape (c,), finite.
        n: Places of the slate.
        policy: Draws one candidate at a time.
        rng: Its randomness.
        rules: The rules.
        spare: Candidates beyond the slate's length that may be drawn.
        columns: For each column that has a cap, what each candidate has there.
        promoted: The marked candidates, bool of shape (c,).
        excluded: Candidates that must not appear, bool of shape (c,).
        hidden: Candidates that the user has seen or bought lately, bool of shape (c,).
        marginal: What candidates are worth beside those picked; None: their scores.
        quotas: Groups that are owed places.

    Raises:
        DataError: A column or a mask is not as long as the candidates.
    """
    columns = columns or {}
    masks = {"excluded": excluded, "hidden": hidden}
    facts = gathered(items, rules, n=n, columns=columns, promoted=promoted, masks=masks)
    pins, lost = pinned_places(items, rules, facts)
    draw = _Draw(facts, set(pins.values()))
    picked: list[int] = []
    propensities: list[float] = []
    odds: Odds = "exact"
    for place in range(1, facts.length + 1):
        at, chance = pins.get(place, -1), 1.0
        if at < 0:
            worth = scores if marginal is None else marginal.values()
            owed = None if quotas is None else quotas.candidates(picked)
            able = draw.able(worth, most=facts.length + spare - len(picked), owed=owed)
            selection = policy.select(worth[able].astype(np.float32), n=1, rng=rng)
            at, chance = int(able[selection.picked[0]]), float(selection.propensities[0])
            odds = selection.odds if selection.odds != "deterministic" else odds
            draw.choice.take(at)
        picked.append(at)
        propensities.append(chance)
        if marginal is not None and place < facts.length:
            marginal.take(at)
    lost += lost_caps(rules, facts, pins, draw.choice, columns)
    lost += lost_shares(rules, facts, pins, draw.choice)
    return Drawn(
        np.asarray(picked, dtype=np.int64),
        np.asarray(propensities, dtype=np.float64),
        odds,
        tuple(lost),
    )


class _Draw:
    """Which candidates may have the next place."""

    def __init__(self, facts: Facts, pinned: set[int]) -> None:
        self._facts = facts
        self.choice = Choice(facts, pinned)
        self._capped = bool(facts.caps)
        self._free = np.asarray(facts.free, dtype=np.int64)

    def able(
        self, worth: NDArray[np.floating], *, most: int, owed: Mask | None
    ) -> NDArray[np.int64]:
        """Up to ``most`` candidates that keep as many rules as can be kept, worthiest first.

        Args:
            worth: Of every candidate.
            most: How many.
            owed: Those of groups that are due, which are preferred among equals by the rules.
        """
        order = self._free[np.argsort(-worth[self._free], kind="stable")].tolist()
        left = [i for i in order if i not in self.choice.chosen]
        due_now = [] if owed is None else [i for i in left if owed[i]]
        for level in (self._with_all, self._with_at_most, self._least_broken):
            found = level(left, most)
            if found:
                kept = level(due_now, most) if due_now else []
                return np.asarray(kept or found, dtype=np.int64)
        return self._free[:0]

    def _with_all(self, left: list[int], most: int) -> list[int]:
        """Those that keep caps and shares, and leave room for promoted ones to come."""
        facts, choice = self._facts, self.choice
        needed = min(facts.at_least, facts.at_most) - choice.marked
        if needed <= 0:
            return self._with_at_most(left, most)
        held, reserve = self._reserve(self._free.tolist(), needed)
        tight = needed >= facts.length - len(choice)
        found: list[int] = []
        for i in left:
            if facts.marked[i]:
                fits = i in reserve or any(not held.exceeded(i, without=r) for r in reserve)
            else:
                fits = not tight and not held.exceeded(i)
            if fits:
                found.append(i)
                if len(found) >= most:
                    break
        return found

    def _reserve(self, free: list[int], needed: int) -> tuple[Choice, set[int]]:
        """The choice with the best promoted ones that are still to come, and these."""
        held = Choice(self._facts, self.choice.chosen)
        marked = (i for i in free if self._facts.marked[i])
        held.extend(marked, length=len(held) + needed)
        return held, held.chosen - self.choice.chosen

    def _with_at_most(self, left: list[int], most: int) -> list[int]:
        """Those that keep caps, and of these those that keep at most so many promoted ones."""
        facts, choice = self._facts, self.choice
        full = choice.marked >= facts.at_most
        if not self._capped and not full:
            return left[:most]
        found: list[int] = []
        others: list[int] = []
        for i in left:
            if self._capped and choice.exceeded(i):
                continue
            if not (full and facts.marked[i]):
                found.append(i)
                if len(found) >= most:
                    break
            elif len(others) < most:
                others.append(i)
        return found or others

    def _least_broken(self, left: list[int], most: int) -> list[int]:
        """Where no candidate keeps the caps: those that break the fewest."""
        broken = [self.choice.exceeded(i) for i in left]
        least = min(broken)
        found = [i for i, breaks in zip(left, broken, strict=True) if breaks == least]
        return found[:most]
