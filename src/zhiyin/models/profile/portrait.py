"""A profile put together: what was inferred, what is guessed, and what the user decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import ProfileEdit
from zhiyin.models.profile.inference import Said, evidence, weigh
from zhiyin.models.profile.interest import Interest, Profile, Source, TagEvidence
from zhiyin.models.profile.tags import TagTable

_SHOWN_FROM = 0.05
_SHOWN = 60


def portray(
    user_id: str,
    table: TagTable,
    edits: Sequence[ProfileEdit],
    said: Said,
    *,
    n_events: int,
    groups: Mapping[str, Floats],
    gate: float,
    readable: bool = True,
) -> Profile:
    """The profile of a user; edits win over what was inferred, and that over guesses.

    Args:
        user_id: Whose.
        table: The catalogue's tags.
        edits: What the user changed, oldest first.
        said: What was found in their past.
        n_events: Events that were read.
        groups: Weights of tags by group of people that the user belongs to, each of shape
            (n_tags,).
        gate: How much guesses count, 0..1.
        readable: Whether to list tags with their evidence; scoring needs only weights.
    """
    chosen = {
        column: edit
        for edit in edits
        if edit.action != "wish"
        for column in table.columns_of(edit.subject)
    }
    since = {c: edit.created for c, edit in chosen.items() if edit.action == "forget"}
    weights = weigh(said.statements, table.base_rates, since=since)
    sources: dict[int, Source] = {}
    if groups:
        silent = weights == 0
        silent[list(since)] = False
        guessed = np.sum(list(groups.values()), axis=0) * (gate / len(groups))
        weights = np.where(silent, guessed, weights).astype(np.float32)
        sources = dict.fromkeys(np.flatnonzero(silent & (weights != 0)).tolist(), "group")
    muted = np.zeros(len(table.tags), dtype=np.bool_)
    for column, edit in chosen.items():
        if edit.action in ("pin", "mute"):
            muted[column] = edit.action == "mute"
            weights[column] = -1.0 if muted[column] else 1.0
            sources[column] = "mute" if muted[column] else "pin"
    wishes = tuple(edit.subject for edit in edits if edit.action == "wish")
    lost = [e.subject for e in edits if e.action != "wish" and not table.columns_of(e.subject)]
    listed = _listed(weights, table, said, sources, groups) if readable else []
    return Profile(
        user_id,
        (*_spoken(wishes), *listed),
        wishes,
        n_events,
        weights,
        muted,
        said.vector,
        tuple(lost),
    )


def nobody(user_id: str) -> Profile:
    """The profile of a user of whom nothing is known."""
    none = np.zeros(0, dtype=np.float32)
    return Profile(user_id, (), (), 0, none, none.astype(np.bool_), None)


def _spoken(wishes: Sequence[str]) -> Iterator[Interest]:
    for wish in wishes:
        yield Interest(facet="wish", name=wish, weight=1.0, source="wish")


def _listed(
    weights: Floats,
    table: TagTable,
    said: Said,
    sources: Mapping[int, Source],
    groups: Mapping[str, Floats],
) -> list[Interest]:
    """The heaviest tags with what they rest on; edited ones first."""
    strength = np.abs(weights)
    strength[[c for c, source in sources.items() if source in ("pin", "mute")]] += 2.0
    order = np.argsort(-strength, kind="stable")[: 3 * _SHOWN]
    heavy: list[int] = order[strength[order] >= _SHOWN_FROM].tolist()
    shown = [c for c in heavy if c in sources or not _said_already(c, heavy, table)][:_SHOWN]
    facts = evidence(said.statements, shown)
    return [
        Interest(
            facet=table.tags[column].facet,
            name=table.tags[column].name,
            weight=round(float(weights[column]), 4),
            source=sources.get(column, "behaviour"),
            evidence=_guessed(column, groups) if sources.get(column) == "group" else fact,
        )
        for column, fact in zip(shown, facts, strict=True)
    ]


def _said_already(column: int, heavy: Sequence[int], table: TagTable) -> bool:
    """Whether a topic is only a part of a tag that is listed anyway: book, of picture book."""
    topic = table.tags[column]
    if topic.facet != "topic":
        return False
    longer = (table.tags[c] for c in heavy)
    return any(
        tag != topic and topic.name in tag.name.casefold() and len(tag.name) > len(topic.name)
        for tag in longer
    )


def _guessed(column: int, groups: Mapping[str, Floats]) -> TagEvidence:
    return TagEvidence(groups=[name for name, lift in groups.items() if lift[column] > 0])
