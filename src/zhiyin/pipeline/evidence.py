"""Why this item: recorded facts behind each position, never guesses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import Queries
from zhiyin.core.slate import Evidence, Position
from zhiyin.pipeline.trained import Trained

_RECENT = 100
"""Events of the history that may be cited."""
_CITED = 3
"""Facts per position."""


def with_evidence(
    positions: Sequence[Position],
    *,
    trained: Trained,
    queries: Queries,
    types: dict[int | None, str],
) -> list[Position]:
    """The positions with their sources and evidence.

    An event is cited for an item when the item is like the event's item, by the blend's own
    likeness; its share is its part of the likeness of all events together. Where no event
    speaks for an item, the number of users who took it does.

    Args:
        positions: Of one slate.
        trained: What scored them.
        queries: The query (one row).
        types: What the user did to each item, by item key.
    """
    index = trained.items.index
    where = np.array([index.get(p.item_id, -1) for p in positions], dtype=np.int32)
    history = queries.histories.recent(_RECENT)
    shares = _shares(trained, history.items, history.weights, where)
    sources = {} if not len(history) else trained.blend.parts(queries)
    result: list[Position] = []
    for at, (position, item) in enumerate(zip(positions, where, strict=True)):
        facts = _events(trained, history.items, shares[:, at], types)
        if not facts and item >= 0:
            facts = [_popularity(trained, int(item))]
        parts = {name: float(part[0, item]) for name, part in sources.items()} if item >= 0 else {}
        result.append(position.model_copy(update={"evidence": facts, "sources": parts}))
    return result


def _shares(
    trained: Trained,
    items: NDArray[np.int32],
    weights: NDArray[np.float32],
    candidates: NDArray[np.int32],
) -> NDArray[np.float32]:
    """Part of each history event in each candidate's likeness, shape (events, candidates)."""
    if not len(items):
        return np.zeros((0, len(candidates)), dtype=np.float32)
    likeness = trained.blend.similar(items)[:, np.maximum(candidates, 0)]
    likeness = np.maximum(likeness * np.maximum(weights, 0)[:, None], 0)
    likeness[:, candidates < 0] = 0
    return likeness / np.maximum(likeness.sum(axis=0), 1e-9)


def _events(
    trained: Trained,
    items: NDArray[np.int32],
    shares: NDArray[np.float32],
    types: dict[int | None, str],
) -> list[Evidence]:
    cited: dict[int, float] = {}
    for at in np.argsort(-shares, kind="stable"):
        if shares[at] <= 0 or len(cited) == _CITED:
            break
        cited.setdefault(int(items[at]), float(shares[at]))
    return [
        Evidence(
            kind="event",
            item_id=trained.items.ids[item],
            event=types.get(int(trained.items.keys[item])),
            share=share,
        )
        for item, share in cited.items()
    ]


def _popularity(trained: Trained, item: int) -> Evidence:
    return Evidence(kind="popular", text=f"{int(trained.popularity[item])} users")
