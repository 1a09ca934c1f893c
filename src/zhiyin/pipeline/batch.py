"""Everybody's list at once: for e-mail, for exports, for another system's cache."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from zhiyin.core.candidates import Queries
from zhiyin.core.threads import one_blas_thread
from zhiyin.core.topk import TopK, bar, chunks, top_k
from zhiyin.pipeline.trained import Trained

_CHUNK_BYTES = 16 * 2**20


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
    everyone = Queries(
        trained.histories, np.arange(len(trained.users), dtype=np.int32), trained.as_of
    )

    def best(part: slice) -> TopK:
        asked = everyone.take(part)
        scores = trained.score(asked)
        if hide_seen:
            bar(scores, asked.histories)
        return top_k(scores, k=n, tie_order=trained.items.tie_order)

    parts = list(chunks(len(everyone), width=len(trained.items), budget_bytes=_CHUNK_BYTES))
    with ThreadPoolExecutor(os.cpu_count()) as pool, one_blas_thread():
        found = list(pool.map(best, parts))
    if not found:
        return top_k(
            np.empty((0, len(trained.items)), np.float32), k=n, tie_order=trained.items.tie_order
        )
    return TopK(np.vstack([t.items for t in found]), np.vstack([t.scores for t in found]))
