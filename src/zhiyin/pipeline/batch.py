"""Everybody's list at once: for e-mail, for exports, for another system's cache."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import Queries
from zhiyin.core.errors import UnknownEntityError
from zhiyin.core.threads import one_blas_thread
from zhiyin.core.topk import TopK, bar, chunks, top_k
from zhiyin.pipeline.engine import Engine
from zhiyin.pipeline.trained import Trained

T = TypeVar("T")
_CHUNK_BYTES = 16 * 2**20


def audience(engine: Engine, item_id: str, *, n: int = 10) -> dict[str, int]:
    """The users among whose n best items an item is: whom to tell of it.

    Args:
        engine: Scores every item, those newer than the model too.
        item_id: The item.
        n: How far down a list counts.

    Returns:
        Its place, from 1, by user, best first; of the users known at training, as training
        saw them, without those who have the item already.

    Raises:
        UnknownEntityError: There is no such item.
    """
    index = engine.items.index.get(item_id)
    if index is None:
        raise UnknownEntityError(f"no item is named {item_id!r}", hint="check the id")
    trained = engine.trained

    def places(part: slice) -> NDArray[np.int64]:
        asked = _everyone(trained).take(part)
        scores = engine.score(asked)
        bar(scores, asked.histories)
        own = scores[:, index]
        above = (scores > own[:, None]).sum(axis=1)
        return np.where(np.isfinite(own), above + 1, n + 1)

    found = _by_chunk(places, len(trained.users), width=len(engine.items))
    place = np.concatenate([np.empty(0, dtype=np.int64), *found])
    best = np.flatnonzero(place <= n)
    best = best[np.argsort(place[best], kind="stable")]
    return {trained.users.ids[row]: int(place[row]) for row in best}


def _everyone(trained: Trained) -> Queries:
    users = np.arange(len(trained.users), dtype=np.int32)
    return Queries(trained.histories, users, trained.as_of)


def _by_chunk(work: Callable[[slice], T], total: int, *, width: int) -> list[T]:
    """Work on slices of the users, side by side on the cores."""
    parts = list(chunks(total, width=width, budget_bytes=_CHUNK_BYTES))
    with ThreadPoolExecutor(os.cpu_count()) as pool, one_blas_thread():
        return list(pool.map(work, parts))


def recommend_all(trained: Trained, *, n: int = 10, hide_seen: bool = True) -> TopK:
    """The best items for every user known at training, from what training saw.

    Users go in chunks, side by side on the cores, so memory does not grow with users x
    items. No slate is drawn and no exposure is logged: log what you send.

    Args:
        trained: The recommender.
        n: List length.
        hide_seen: Whether the items of a user's history are left out.

    Returns:
        A row per user of ``trained.users``, best first.
    """
    everyone = _everyone(trained)

    def best(part: slice) -> TopK:
        asked = everyone.take(part)
        scores = trained.score(asked)
        if hide_seen:
            bar(scores, asked.histories)
        return top_k(scores, k=n, tie_order=trained.items.tie_order)

    found = _by_chunk(best, len(everyone), width=len(trained.items))
    if not found:
        return top_k(
            np.empty((0, len(trained.items)), np.float32), k=n, tie_order=trained.items.tie_order
        )
    return TopK(np.vstack([t.items for t in found]), np.vstack([t.scores for t in found]))
