"""What each surface does, in words and as it is set."""

from __future__ import annotations

from collections.abc import Iterator

from zhiyin.core.messages.surfaces import SurfaceView
from zhiyin.pipeline.records import Record
from zhiyin.pipeline.settings import Settings
from zhiyin.pipeline.surfaces import BUILT_IN, MemorySettings, RuleSettings, SurfaceSettings

_RECIPES = {
    "personal": "what the user likes",
    "session": "what goes with the session",
    "popular": "what everybody likes",
}


def surfaces_of(settings: Settings) -> list[SurfaceView]:
    """Every surface that is defined, the built-in ones first."""
    return [
        SurfaceView(
            name=name,
            built_in=name in BUILT_IN,
            does=list(_does(surface, settings)),
            settings=surface.model_dump(mode="json"),
            etag=Record(name, surface.model_dump(mode="json")).tag,
        )
        for name, surface in settings.surfaces.items()
    ]


def _does(surface: SurfaceSettings, settings: Settings) -> Iterator[str]:
    yield f"{surface.length} items: {_RECIPES[surface.recipe]}"
    stated = surface.objective.stated
    if stated:
        exponents = surface.objective.model_dump()
        names = (name if exponents[name] == 1 else f"{name}^{exponents[name]:g}" for name in stated)
        yield f"by utility: {' * '.join(names)}"
    if surface.filter:
        yield f"only where {surface.filter}"
    yield from (f"scores times {boost}" for boost in surface.boosts)
    freshness = surface.freshness
    if freshness.strength:
        yield f"new items count {1 + freshness.strength:g} times, by {freshness.column}"
    if surface.debias.strength:
        yield f"popularity is held against items, {surface.debias.strength:g}"
    diversity = surface.diversity
    if diversity.method != "off" and diversity.diversity:
        yield f"diverse in {diversity.features}: {diversity.method}, {diversity.diversity:g}"
    if surface.fairness.column and surface.fairness.factor:
        yield f"each {surface.fairness.column} gets its part, times {surface.fairness.factor:g}"
    policy = surface.exploration.policy or settings.serve.policy
    if policy != "greedy":
        yield f"drawn by {policy}"
    yield from _kept(surface.rules)
    yield from _remembered(surface.memory)


def _kept(rules: RuleSettings) -> Iterator[str]:
    if rules.exclude:
        yield f"never: {', '.join(rules.exclude)}"
    yield from (f"{item} at place {place}" for item, place in rules.pins.items())
    yield from (f"at most {most} of one {column}" for column, most in rules.caps.items())
    if rules.promoted_at_least > 0 or rules.promoted_at_most < 1:
        share = f"{rules.promoted_at_least:.0%} to {rules.promoted_at_most:.0%}"
        yield f"{share} promoted, which are those where {rules.promoted or 'nothing'}"


def _remembered(memory: MemorySettings) -> Iterator[str]:
    if memory.frequency_cap:
        times = "once" if memory.frequency_cap == 1 else f"{memory.frequency_cap} times"
        yield f"an item at most {times} to a user in {memory.days:g} days"
    if memory.rotation:
        yield f"an item that was shown loses {memory.rotation:g} deviations each time"
    for event, days in memory.hide_days.items():
        yield f"hidden for {days:g} days after {event}"
    if memory.hide_seen is not None and not memory.hide_days:
        yield "without items of the history" if memory.hide_seen else "also items of the history"
