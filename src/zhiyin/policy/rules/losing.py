"""Rules that yield: pins without a place, caps and shares that a list does not keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from zhiyin.policy.rules.choosing import Choice
from zhiyin.policy.rules.config import LostRule, RulesConfig
from zhiyin.policy.rules.facts import Column, Facts


def pinned_places(
    items: Sequence[str], config: RulesConfig, facts: Facts
) -> tuple[dict[int, int], list[LostRule]]:
    """The candidate of each pinned place, and the pins that cannot be kept."""
    pins: dict[int, int] = {}
    lost: list[LostRule] = []
    for item, place in config.pins.items():
        i = items.index(item) if item in items else -1
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


def lost_caps(
    config: RulesConfig,
    facts: Facts,
    pins: Mapping[int, int],
    choice: Choice,
    columns: Mapping[str, Column],
) -> Iterator[LostRule]:
    """The caps that a choice does not keep, and what they yielded to."""
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


def lost_shares(
    config: RulesConfig, facts: Facts, pins: Mapping[int, int], choice: Choice
) -> Iterator[LostRule]:
    """The shares of promoted items that a choice does not keep."""
    if facts.at_least <= choice.marked <= facts.at_most:
        return
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
