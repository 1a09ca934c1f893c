"""Why an item is, or would be, shown to a user: evidence gathered, then put into words."""

from __future__ import annotations

from typing import Protocol

from zhiyin.core.errors import UnknownEntityError
from zhiyin.core.protocols import EntityStore
from zhiyin.core.slate import Frozen, Position, Slate
from zhiyin.narrate.explain import Explanation, Length, explain
from zhiyin.narrate.explain.reasons import Records
from zhiyin.narrate.language import Language

_DEPTH = 1000
"""Places of a slate that are looked at: an item further back is not explained."""


class Explains(Protocol):
    """What of the engine is asked."""

    def recommend(
        self,
        user_id: str | None,
        *,
        n: int | None = None,
        surface: str = "home",
        explain: bool = False,
        log: bool = True,
    ) -> Slate:
        """A slate; see `Engine.recommend`."""
        ...


class Explained(Frozen):
    """An explanation with the evidence that it is made of."""

    explanation: Explanation
    """The words."""
    position: Position
    """The item with its score, sources and evidence."""
    place: int
    """At which place it stands for this user now, from 1."""


def explain_item(
    engine: Explains,
    entities: EntityStore,
    *,
    user_id: str,
    item_id: str,
    surface: str = "home",
    language: Language | None = None,
    length: Length = "medium",
    instead_of: str | None = None,
) -> Explained:
    """Why an item is, or would be, shown to a user; nothing is logged.

    Args:
        engine: What recommends.
        entities: Attributes of items.
        user_id: For whom.
        item_id: Which item.
        surface: Where it would be shown.
        language: Of the words; None: that of the titles at hand.
        length: How much is told.
        instead_of: Another item, for "rather than that one because".

    Raises:
        UnknownEntityError: The item, or the other one, is not among the first 1000 that this
            user could be shown there: unknown, seen already, hidden, or too far back.
    """
    slate = engine.recommend(user_id, n=_DEPTH, surface=surface, explain=True, log=False)
    places = {position.item_id: at for at, position in enumerate(slate.positions)}
    position = _at(slate, places, item_id)
    other = None if instead_of is None else _at(slate, places, instead_of)
    records = _records(entities, [position, *([other] if other else [])])
    words = explain(position, records=records, language=language, length=length, instead_of=other)
    return Explained(explanation=words, position=position, place=places[item_id] + 1)


def _at(slate: Slate, places: dict[str, int], item_id: str) -> Position:
    if item_id not in places:
        raise UnknownEntityError(
            f"the item {item_id!r} is not among the {len(places)} that could be shown",
            hint="it is unknown, hidden, or the user has had it: explain an item of their slate",
        )
    return slate.positions[places[item_id]]


def _records(entities: EntityStore, positions: list[Position]) -> Records:
    named = [fact.item_id for place in positions for fact in place.evidence if fact.item_id]
    ids = list(dict.fromkeys([*(place.item_id for place in positions), *named]))
    return entities.get("item", ids)
