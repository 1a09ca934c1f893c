"""Slates that were shown, joined with what was done with them: lessons with places and fatigue.

Only slates made after the last event of their user that the retrievers saw: what became of
them is held out, as it must be for whoever learns after the retrievers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.core.candidates import Queries
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.rng import derive_rng
from zhiyin.core.topk import chunks
from zhiyin.data.dataset import Dataset
from zhiyin.data.slates import Slates
from zhiyin.models.content.bridge import ContentBridge
from zhiyin.models.hybrid.blend import Blend
from zhiyin.pipeline.ranker.fatigue import Showings
from zhiyin.pipeline.ranker.lessons import Lessons, joined
from zhiyin.pipeline.ranker.stage import BLEND, at_items
from zhiyin.ranking.features import Asked

_CHUNK_BYTES = 64 * 2**20
_PLACES = 50
"""Places of a slate that teach."""
_MOST = 20_000
"""Slates that teach at most."""


def slate_lessons(
    blend: Blend,
    bridge: ContentBridge | None,
    train: Histories,
    dataset: Dataset,
    held: NDArray[np.bool_],
    *,
    least: int,
    per_second: float,
    deadline: Deadline,
    seed: int,
) -> tuple[Lessons | None, dict[str, Any]]:
    """The slates that teach, where enough of them were answered.

    Args:
        blend: Fitted on ``train``.
        bridge: Content beside it; None for none.
        train: The events that retrievers saw, a row per user.
        dataset: With facts and slates.
        held: The other events, bool of shape (events,).
        least: Answered slates that it takes.
        per_second: Slates that are read for each second that there is.
        deadline: For all of it; half of it is used.
        seed: Seed of the sample, where there are more than can be read.

    Returns:
        The lessons, and a report.
    """
    slates, facts = dataset.slates, dataset.facts
    if slates is None or facts is None or train.times is None:
        return None, {"why": "no slates with answers are known"}
    ends = np.full(len(train) + 1, np.iinfo(np.int64).max, dtype=np.int64)
    some = np.flatnonzero(train.lengths)
    ends[some] = train.times[train.indptr[1:][some] - 1]  # -1, nobody, stays at the end of time
    usable = slates.keep((slates.lengths > 0) & (slates.created > ends[slates.users]))
    hits = _answers(usable, dataset, held, facts)
    answered = int(hits.any(axis=1).sum())
    told: dict[str, Any] = {"slates": len(usable), "answered": answered, "needed": least}
    if answered < least:
        return None, told | {"why": "too few slates were answered after what retrievers saw"}
    most = min(_MOST, int(per_second * max(0.0, deadline.left)))
    rng = derive_rng(seed, "slates")
    sample = np.sort(rng.permutation(len(usable))[:most])
    mask = np.zeros(len(usable), dtype=np.bool_)
    mask[sample] = True
    chosen, hits = usable.keep(mask), hits[mask]
    showings = Showings.of_slates(slates)
    stop = Deadline(deadline.left / 2)
    found: list[Lessons] = []
    for part in chunks(len(chosen), width=_width(train, blend), budget_bytes=_CHUNK_BYTES):
        if stop.left <= 0:
            break
        found.append(_lesson(blend, bridge, train, chosen, hits, part, showings))
    return (joined(found) if found else None), told | {"read": sum(len(f.hits) for f in found)}


def _width(train: Histories, blend: Blend) -> int:
    return train.n_items * (2 + len(blend.members))


def _lesson(
    blend: Blend,
    bridge: ContentBridge | None,
    train: Histories,
    slates: Slates,
    hits: NDArray[np.bool_],
    part: slice,
    showings: Showings,
) -> Lessons:
    """Some of the slates with what each retriever says of their items."""
    users = slates.users[part].astype(np.int64)
    items = table(slates)[part]
    queries = Queries(train.take(users), users.astype(np.int32))
    parts: dict[str, Floats] = {}
    scores = blend.score(queries, keep=parts)
    if bridge is not None:
        scores = bridge.apply(queries.histories, scores)
    sources = {BLEND: at_items(scores, items)}
    sources |= {name: at_items(values, items) for name, values in parts.items()}
    now = slates.created[part]
    places = np.broadcast_to(np.arange(1, items.shape[1] + 1, dtype=np.float32), items.shape)
    asked = Asked(
        queries.histories,
        items,
        sources,
        now,
        places,
        showings.unanswered(users, queries.histories, items, now),
        tuple({"surface": surface} for surface in slates.surfaces[part]),
    )
    return Lessons(asked, hits[part], hits[part].sum(axis=1), users)


def table(slates: Slates) -> NDArray[np.int32]:
    """The items of slates by place, int32 of shape (slates, places), -1 for none."""
    lengths = slates.lengths
    width = min(_PLACES, int(lengths.max(initial=1)))
    items = np.full((len(slates), width), -1, dtype=np.int32)
    rows = np.repeat(np.arange(len(slates)), lengths)
    places = np.arange(len(slates.items)) - np.repeat(slates.indptr[:-1], lengths)
    inside = places < width
    items[rows[inside], places[inside]] = slates.items[inside]
    return items


def _answers(
    slates: Slates, dataset: Dataset, held: NDArray[np.bool_], facts: pl.DataFrame
) -> NDArray[np.bool_]:
    """Which items of each slate were answered by a held-out event that speaks for them."""
    items = table(slates)
    events = np.flatnonzero(held & (dataset.histories.weights > 0))
    answers = pl.DataFrame(
        {"slate": facts["slate"][events], "item": dataset.histories.items[events]}
    ).drop_nulls()
    ids = pl.DataFrame(
        {"slate": slates.ids, "row": np.arange(len(slates))},
        schema={"slate": pl.String, "row": pl.Int64},
    )
    pairs = answers.join(ids, on="slate")
    width = np.int64(dataset.histories.n_items)
    keys = np.arange(len(slates), dtype=np.int64)[:, None] * width + items
    wanted = pairs["row"].to_numpy() * width + pairs["item"].to_numpy()
    return np.isin(keys, wanted) & (items >= 0)
