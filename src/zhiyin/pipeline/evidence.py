"""Why this item: recorded facts behind each position, never guesses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import Candidates, Queries
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.slate import Evidence, Position, Stage
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.models.content.bridge import ContentBridge
from zhiyin.pipeline.ranker.stage import BLEND, RANKER
from zhiyin.pipeline.trained import Trained

_RECENT = 100
"""Events of the history that may be cited."""
_CITED = 3
"""Facts per position."""


def with_evidence(
    positions: Sequence[Position],
    *,
    trained: Trained,
    items: Vocabulary,
    bridge: ContentBridge | None,
    queries: Queries,
    types: dict[int | None, str],
    ranked: Candidates | None = None,
) -> list[Position]:
    """The positions with their sources and evidence.

    An event is cited for an item when the item is like the event's item, by the blend's own
    likeness or, for an item without behaviour, by its attributes; its share is its part of
    the likeness of all events together. Where no event speaks for an item, the number of
    users who took it does.

    Args:
        positions: Of one slate.
        trained: What scored them.
        items: Every item that can be recommended now.
        bridge: What scored items by their attributes.
        queries: The query (one row).
        types: What the user did to each item, by item key.
        ranked: The candidates as they were ordered, with what the ranker added.
    """
    added = _added(ranked)
    where = np.array([items.index.get(p.item_id, -1) for p in positions], dtype=np.int32)
    stages = _stages(ranked, where)
    history = queries.histories.recent(_RECENT)
    shares = _shares(trained, bridge, history, where)
    sources = {} if not len(history) else trained.blend.parts(queries)
    result: list[Position] = []
    for at, (position, item) in enumerate(zip(positions, where, strict=True)):
        facts = _events(trained, history.items, shares[:, at], types)
        known = 0 <= item < len(trained.items)
        if not facts and known:
            facts = [_popularity(trained, int(item))]
        parts = {name: float(part[0, item]) for name, part in sources.items()} if known else {}
        blend, ranker = added.get(int(item), (position.score, 0.0))
        if bridge is not None and not bridge.idle:
            parts["content"] = blend - sum(parts.values())
        if ranker:
            parts[RANKER] = ranker
        told = [*stages.get(int(item), ()), Stage(name="rules", score=position.score, place=at + 1)]
        update = {"evidence": facts, "sources": parts, "stages": told}
        result.append(position.model_copy(update=update))
    return result


def _stages(ranked: Candidates | None, wanted: NDArray[np.int32]) -> dict[int, list[Stage]]:
    """Score and place of some items after retrieval and, where there is one, the ranker."""
    if ranked is None:
        return {}
    items, scores = ranked.items[0], ranked.scores[0]
    columns = {"retrieval": scores}
    if RANKER in ranked.columns:
        columns = {"retrieval": ranked.columns[BLEND][0], "ranking": scores}
    found: dict[int, list[Stage]] = {}
    for place in np.flatnonzero(np.isin(items, wanted)).tolist():
        found[int(items[place])] = [
            Stage(
                name=name,
                score=float(column[place]),
                place=1 + int((column > column[place]).sum()) if name == "retrieval" else place + 1,
            )
            for name, column in columns.items()
        ]
    return found


def _added(ranked: Candidates | None) -> dict[int, tuple[float, float]]:
    """What the blend said of each candidate and what the ranker added, by item."""
    if ranked is None or RANKER not in ranked.columns:
        return {}
    items: list[int] = ranked.items[0].tolist()
    blend: list[float] = ranked.columns[BLEND][0].tolist()
    ranker: list[float] = ranked.columns[RANKER][0].tolist()
    return dict(zip(items, zip(blend, ranker, strict=True), strict=True))


def _shares(
    trained: Trained,
    bridge: ContentBridge | None,
    history: Histories,
    candidates: NDArray[np.int32],
) -> Floats:
    """Part of each history event in each candidate's likeness, shape (events, candidates)."""
    if not len(history.items):
        return np.zeros((0, len(candidates)), dtype=np.float32)
    n = len(trained.items)
    likeness = trained.blend.similar(history.items)[:, np.clip(candidates, 0, n - 1)]
    likeness[:, (candidates < 0) | (candidates >= n)] = 0
    weights = np.maximum(history.weights, 0)[:, None]
    likeness = np.maximum(likeness * weights, 0)
    silent = np.flatnonzero((likeness.sum(axis=0) == 0) & (candidates >= 0))
    if bridge is not None and len(silent):
        ties = bridge.ties(history.items, candidates[silent])
        likeness[:, silent] = np.maximum(ties * weights, 0)
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
