"""Rules on a list: which candidates come in, where, and which rule had to yield."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from zhiyin.policy.rules.choosing import Choice
from zhiyin.policy.rules.config import LostRule, Ruled, RulesConfig
from zhiyin.policy.rules.facts import Column, Facts, Mask, gathered


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
    pins, lost = _pinned(items, config, facts)
    choice = _chosen(facts, pins)
    rest = iter(sorted(choice.chosen - set(pins.values())))
    places = [pins[at] if at in pins else next(rest) for at in range(1, facts.length + 1)]
    lost += _lost_caps(config, facts, pins, choice, columns)
    lost += _lost_shares(config, facts, pins, choice)
    return Ruled(np.asarray(places, dtype=np.int64), tuple(lost))


def _pinned(
    items: Sequence[str], config: RulesConfig, facts: Facts
) -> tuple[dict[int, int], list[LostRule]]:
    """The candidate of each pinned place, and the pins that cannot be kept."""
    index: dict[str, int] = {}
    for i, item in enumerate(items):
        if item in config.pins:
            index.setdefault(item, i)
    pins: dict[int, int] = {}
    lost: list[LostRule] = []
    for item, place in config.pins.items():
        i = index.get(item, -1)
        if item in config.exclude or i in facts.barred:
            yielded = ("exclusion", facts.barred.get(i, "excluded by name"))
        elif i < 0:
            yielded = ("candidates", "it is not among the candidates")
        elif place > facts.length:
            yielded = ("length", f"the list has {facts.length} places")
        elif place in pins:
            yielded = ("pin", f"{items[pins[place]]} is pinned there")
        else:
            pins[place] = i
            continue
        lost.append(LostRule(f"{item} at place {place}", *yielded))
    return pins, lost


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


def _lost_caps(
    config: RulesConfig,
    facts: Facts,
    pins: Mapping[int, int],
    choice: Choice,
    columns: Mapping[str, Column],
) -> Iterator[LostRule]:
    for column, cap in config.caps.items():
        if column not in columns:
            why = f"the candidates have no column {column}"
            yield LostRule(f"at most {cap} per {column}", "candidates", why)
    pinned = Choice(facts, pins.values()).counts
    for (column, value), count in sorted(choice.counts.items(), key=str):
        cap = facts.caps[column]
        if count <= cap:
            continue
        rule, by_pins = f"at most {cap} of {column} {value}", pinned[column, value]
        if by_pins > cap:
            yield LostRule(rule, "pin", f"{by_pins} pinned items have it")
        else:
            why = f"{facts.length} places cannot be filled without breaking a cap"
            yield LostRule(rule, "length", f"{why}; {count} have it")


def _lost_shares(
    config: RulesConfig, facts: Facts, pins: Mapping[int, int], choice: Choice
) -> Iterator[LostRule]:
    pinned = [facts.marked[i] for i in pins.values()]
    marked = sum(facts.marked[i] for i in facts.free)
    others = len(facts.free) - marked
    rule = f"at most {config.promoted_at_most:.0%} promoted"
    if choice.marked > facts.at_most:
        if sum(pinned) > facts.at_most:
            yield LostRule(rule, "pin", f"{sum(pinned)} promoted items are pinned")
        elif others < facts.length - facts.at_most:
            yield LostRule(rule, "length", f"{others} candidates are not promoted")
        else:
            yield LostRule(rule, "cap", f"the caps leave {choice.marked} promoted ones")
    rule = f"at least {config.promoted_at_least:.0%} promoted"
    if choice.marked < facts.at_least:
        if marked < facts.at_least:
            yield LostRule(rule, "candidates", f"{marked} candidates are promoted")
        elif facts.at_least > facts.at_most:
            why = f"of {facts.length} places that is {facts.at_least}, and at most {facts.at_most}"
            yield LostRule(rule, "promotion", why)
        elif facts.length - len(pinned) + sum(pinned) < facts.at_least:
            yield LostRule(rule, "pin", f"{len(pinned) - sum(pinned)} others are pinned")
        else:
            yield LostRule(rule, "cap", f"the caps leave {choice.marked} promoted ones")
