"""From a position's evidence to what can be said about it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, cast

from zhiyin.core.slate import Evidence, Position

Record: TypeAlias = Mapping[str, Any]
"""Attributes of an item."""
Records: TypeAlias = Mapping[str, Record]
"""Attributes by item id."""

ASPECTS = (
    "series", "directors", "director", "authors", "author", "artists", "artist", "actors",
    "instructor", "brand", "publisher", "categories", "genres", "tags", "material", "colour",
    "style", "language",
)  # fmt: skip
"""Attributes that two items can share, most telling first."""
_MOST_ASPECTS = 3
_NUMBER = re.compile(r"\d+")


class Deed(NamedTuple):
    """Something that the user did."""

    event: str
    """The type of the event; "" where it is not recorded."""
    item_id: str
    """What it was done to."""
    title: str
    """Its name; the id where the catalogue has none."""
    share: float
    """Part of the score that it accounts for, 0..1."""


class Aspect(NamedTuple):
    """A value that the item shares with what the user took."""

    field: str
    """Name of the attribute."""
    value: str
    """The value."""
    with_title: str
    """The title of the item that has it too."""


class Reasons(NamedTuple):
    """All that is recorded in favour of a position."""

    item_id: str
    """The item."""
    title: str
    """Its name; the id where the catalogue has none."""
    deeds: tuple[Deed, ...] = ()
    """What the user did, the weightiest first."""
    similar: tuple[str, ...] = ()
    """Titles of items that the engine found similar."""
    aspects: tuple[Aspect, ...] = ()
    """What it has in common with them."""
    tags: tuple[str, ...] = ()
    """Tags of the user's profile that it bears."""
    users: int | None = None
    """How many users took it, where that is a reason."""
    features: tuple[str, ...] = ()
    """Features that the ranker counted most."""
    ranker: float = 0.0
    """What the ranker added to the score."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is recorded."""
        found = (self.deeds, self.similar, self.tags, self.users, self.features)
        return not any(found) and self.ranker <= 0


def reasons_for(position: Position, *, records: Records) -> Reasons:
    """What is recorded in favour of a position.

    Args:
        position: With evidence and sources.
        records: Attributes of the item and of the items in its evidence; what is missing is
            called by its id.
    """
    facts = sorted(position.evidence, key=lambda fact: -fact.share)
    deeds = [
        Deed(fact.event or "", fact.item_id, title_of(fact.item_id, records), fact.share)
        for fact in facts
        if fact.kind == "event" and fact.item_id is not None
    ]
    similar = [f.item_id for f in facts if f.kind == "similar" and f.item_id is not None]
    own = records.get(position.item_id, {})
    others = dict.fromkeys([*(deed.item_id for deed in deeds), *similar])
    aspects = [aspect for other in others for aspect in _shared(own, other, records)]
    first = {(aspect.field, aspect.value): aspect for aspect in reversed(aspects)}
    return Reasons(
        position.item_id,
        title_of(position.item_id, records),
        deeds=tuple(deeds),
        similar=tuple(title_of(item, records) for item in similar),
        aspects=tuple(sorted(first.values(), key=_telling)[:_MOST_ASPECTS]),
        tags=tuple(fact.text for fact in facts if fact.kind == "tag" and fact.text),
        users=_users(facts),
        features=tuple(fact.text for fact in facts if fact.kind == "feature" and fact.text),
        ranker=position.sources.get("ranker", 0.0),
    )


def title_of(item_id: str, records: Records) -> str:
    """The title of an item, or its id."""
    return str(records.get(item_id, {}).get("title") or item_id)


def values_of(record: Record, field: str) -> list[str]:
    """The values of an attribute as a list of texts, empty where it is unknown."""
    value = record.get(field)
    parts = cast("Sequence[object]", value) if isinstance(value, list | tuple) else [value]
    return [str(part) for part in parts if isinstance(part, str) and part.strip()]


def _shared(own: Record, other: str, records: Records) -> list[Aspect]:
    theirs = records.get(other, {})
    return [
        Aspect(field, value, title_of(other, records))
        for field in ASPECTS
        for value in values_of(own, field)
        if value in values_of(theirs, field)
    ]


def _telling(aspect: Aspect) -> int:
    return ASPECTS.index(aspect.field)


def _users(facts: Sequence[Evidence]) -> int | None:
    for fact in facts:
        if fact.kind == "popular" and (found := _NUMBER.search(fact.text)):
            return int(found[0]) or None
    return None
