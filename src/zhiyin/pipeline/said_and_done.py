"""What a user said and did, as statements about tags and a direction in meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import PastEvent
from zhiyin.models.profile.inference import Said, Statements
from zhiyin.models.profile.matching import profile_vector
from zhiyin.models.profile.sentiment import SentimentJudge
from zhiyin.pipeline.freshness import freshness
from zhiyin.pipeline.settings import Settings
from zhiyin.pipeline.tagged_catalogue import TaggedCatalogue

_CLEAR = 0.2
"""Feeling from which a review counts as one (benchmarks/sentiment)."""
_READ_TEXTS = 64
"""So many of a user's newest reviews, and of their newest searches, are read."""


def read_statements(
    events: Sequence[PastEvent],
    wishes: Sequence[str],
    *,
    catalogue: TaggedCatalogue,
    open_judge: Callable[[], SentimentJudge],
    settings: Settings,
    now: int,
    directed: bool = True,
) -> Said:
    """Everything that speaks for or against a tag, and where it points.

    The words of a review outweigh what was done: where a user says that an item was bad,
    having bought it no longer speaks for its tags but against them.

    Args:
        events: The user's events with their words.
        wishes: Texts that the user gave, and texts of their attributes.
        catalogue: Tags and vectors of items.
        open_judge: Gives what reads reviews, where there are any.
        settings: Weights and half-lives.
        now: The present, in milliseconds.
        directed: Whether the direction in meaning is wanted: it needs a vector of every item.
    """
    events = sorted(events, key=_order)
    on_items = [event for event in events if event.item_key is not None]
    searches = [e for e in events if e.query and not e.query.isspace()][-_READ_TEXTS:]
    catalogue.meet([event.item_key for event in on_items if event.item_key is not None])
    done = _done(on_items, catalogue, open_judge, settings, now)
    texts = [str(event.query) for event in searches] + list(wishes)
    fade = _fade(searches, settings, now)
    said_mass = np.concatenate(
        [
            settings.profile.search_weight * fade,
            np.full(len(wishes), settings.profile.wish_weight),
        ]
    )
    statements = Statements(
        csr_matrix(vstack([done.tags, catalogue.match(texts)], format="csr")),
        np.concatenate([done.mass, said_mass]),
        np.concatenate([done.times, _times(searches), np.full(len(wishes), -1, dtype=np.int64)]),
        [*done.kinds, *["search"] * len(searches), *["wish"] * len(wishes)],
        [*done.items, *[None] * len(texts)],
        [*[None] * len(done), *texts],
    )
    if not directed:
        return Said(statements, None)
    return Said(statements, _direction(catalogue, on_items, done.mass, texts, said_mass))


def _done(
    events: list[PastEvent],
    catalogue: TaggedCatalogue,
    open_judge: Callable[[], SentimentJudge],
    settings: Settings,
    now: int,
) -> Statements:
    """Statements of the events on items."""
    rows = _rows(events, catalogue)
    weights = settings.events.weights
    plain = [weights.get(e.type, settings.events.default_weight) for e in events]
    fade = _fade(events, settings, now)
    mass = np.array(plain, dtype=np.float64) * fade
    feeling = _feelings(events, open_judge)
    clear = np.abs(feeling) >= _CLEAR
    mass[clear] = settings.profile.review_weight * (feeling * fade)[clear]
    _turn_round(mass, rows, feeling, fade, clear)
    tags = catalogue.table.matrix[np.maximum(rows, 0)]
    tags = csr_matrix(tags.multiply((rows >= 0)[:, None]))
    tags.eliminate_zeros()
    ids = catalogue.items.ids
    places: list[int] = rows.tolist()
    return Statements(
        tags,
        mass,
        _times(events),
        [event.type for event in events],
        [ids[row] if row >= 0 else None for row in places],
        [None] * len(events),
    )


def _turn_round(
    mass: NDArray[np.float64],
    rows: NDArray[np.int32],
    feeling: NDArray[np.float64],
    fade: NDArray[np.float64],
    clear: NDArray[np.bool_],
) -> None:
    """Where reviews of an item are bad on the whole, its other events count against it."""
    for row in np.unique(rows[clear]).tolist():
        about = rows == row
        heard = about & clear
        opinion = float((feeling * fade)[heard].sum() / max(float(fade[heard].sum()), 1e-12))
        if opinion <= -_CLEAR:
            deeds = about & ~clear & (mass > 0)
            mass[deeds] *= opinion


def _feelings(
    events: Sequence[PastEvent], open_judge: Callable[[], SentimentJudge]
) -> NDArray[np.float64]:
    feeling = np.zeros(len(events))
    spoken = [at for at, event in enumerate(events) if event.text][-_READ_TEXTS:]
    if spoken:
        feeling[spoken] = open_judge().judge([str(events[at].text) for at in spoken])
    return feeling


def _direction(
    catalogue: TaggedCatalogue,
    events: list[PastEvent],
    mass: NDArray[np.float64],
    texts: list[str],
    said_mass: NDArray[np.float64],
) -> Floats | None:
    vectors, said = catalogue.vectors, catalogue.read_texts(texts)
    if vectors is None or said is None:
        return None
    rows = _rows(events, catalogue)
    known = rows >= 0
    return profile_vector(vectors[rows[known]], mass[known], said, said_mass)


def _rows(events: Sequence[PastEvent], catalogue: TaggedCatalogue) -> NDArray[np.int32]:
    keys = np.array([event.item_key for event in events], dtype=np.int64)
    return catalogue.items.locate(keys)


def _times(events: Sequence[PastEvent]) -> NDArray[np.int64]:
    return np.array([-1 if e.timestamp is None else e.timestamp for e in events], dtype=np.int64)


def _fade(events: Sequence[PastEvent], settings: Settings, now: int) -> NDArray[np.float64]:
    """How much of each event is left; events without a time have not faded."""
    times = np.array([now if e.timestamp is None else e.timestamp for e in events], dtype=np.int64)
    half_life = settings.profile.half_life_days or settings.events.half_life_days
    return freshness(np.minimum(times, now), as_of=now, half_life_days=half_life)


def _order(event: PastEvent) -> tuple[Any, ...]:
    """By time; what happened at the same time is told apart by what it is, not by arrival."""
    return (
        -1 if event.timestamp is None else event.timestamp,
        event.item_key or 0,
        event.type,
        event.text or "",
        event.query or "",
        event.value or 0.0,
    )
