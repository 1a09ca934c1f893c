"""Rules on a list: which candidates come in, where, and which rule had to yield."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from zhiyin.policy.rules.choosing import Choice
from zhiyin.policy.rules.config import Ruled, RulesConfig
from zhiyin.policy.rules.facts import Column, Facts, Mask, gathered
from zhiyin.policy.rules.losing import lost_caps, lost_shares, pinned_places


def apply_rules(
    items: Sequence[str],
    *,
    n: int,
    config: RulesConfig,
    columns: Mapping[str, Column] | None = None,
    promoted: Mask | None = None,
    excluded: Mask | None = None,
    hidden: Mask | None = None,
) -> Ruled:
    """The list that keeps the rules, or as many of them as can be kept together.

    What contradicts yields in this order, the last first: exclusions and hiding, then a list
    as long as the candidates allow, then pins, caps, at most and at least so many promoted
    ones, and the order of the candidates. Contradictions never raise and never
    shorten a list: a rule that is not kept is named in the result. Pinned items count towards
    caps and shares.

    Candidates are taken in their order where they keep the caps. Where that gives too many
    promoted ones or too few, the last ones chosen are exchanged for the first others, pair
    by pair. With one column of single values caps are exceeded by as few items as can be, and
    shares by as few as that leaves. With several columns or lists of values the best choice is
    a packing problem: there a cap counts as impossible when no candidate is left that keeps
    it, a share when no pair is. Those chosen stand in the order of the candidates, around the
    pins. O(c) for c candidates, and O(n c) more for what cannot be kept.

    Args:
        items: Ids of the candidates, best first; an id that comes twice counts once.
        n: Places of the list.
        config: The rules.
        columns: For each column that has a cap, what each candidate has there.
        promoted: The marked candidates, bool of shape (c,).
        excluded: Candidates that must not appear, bool of shape (c,).
        hidden: Candidates that the user has seen or bought lately, bool of shape (c,).

    Raises:
        DataError: A column or a mask is not as long as the candidates.
    """
    columns = columns or {}
    masks = {"excluded": excluded, "hidden": hidden}
    facts = gathered(items, config, n=n, columns=columns, promoted=promoted, masks=masks)
    pins, lost = pinned_places(items, config, facts)
    choice = _chosen(facts, pins)
    rest = iter(sorted(choice.chosen - set(pins.values())))
    places = [pins[at] if at in pins else next(rest) for at in range(1, facts.length + 1)]
    lost += lost_caps(config, facts, pins, choice, columns)
    lost += lost_shares(config, facts, pins, choice)
    return Ruled(np.asarray(places, dtype=np.int64), tuple(lost))


def _chosen(facts: Facts, pins: Mapping[int, int]) -> Choice:
    """The candidates of the list: as many as it has places."""
    free, fixed = facts.free, set(pins.values())
    choice = Choice(facts, fixed)
    choice.extend(free, length=facts.length)
    choice.exceed(free, length=facts.length)
    while choice.marked > facts.at_most:
        if not choice.exchange(free, fixed=fixed, marked=False):
            break
    while choice.marked < min(facts.at_least, facts.at_most):
        if not choice.exchange(free, fixed=fixed, marked=True):
            break
    return choice
