"""Neighbours: items like an item, and people like a person."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Histories
from zhiyin.core.messages.neighbour import Neighbour
from zhiyin.core.topk import EMPTY, top_k
from zhiyin.data.vocabulary import BLANK, Vocabulary
from zhiyin.pipeline.trained import Trained

__all__ = ["Neighbour", "items_like", "users_like"]


def items_like(trained: Trained, index: int, *, n: int) -> list[Neighbour]:
    """The items most like one, by the blend's likeness, itself left out."""
    scores = trained.blend.similar(np.array([index], dtype=np.int32))
    scores[0, index] = -np.inf
    return _named(scores, trained.items, n)


def users_like(trained: Trained, history: Histories, *, n: int, itself: int) -> list[Neighbour]:
    """The users whose histories are closest, by cosine of idf-weighted items.

    Args:
        trained: Whose training users are searched.
        history: One row: what the person has done, as of now.
        n: How many.
        itself: The person's own index, left out; -1 for somebody new.
    """
    users = trained.behaviour
    idf = np.log(max(1, users.shape[0]) / np.maximum(trained.popularity, 1.0)).astype(np.float32)
    asked = np.zeros(users.shape[1], dtype=np.float32)
    liked = history.positive().items
    asked[liked] = idf[liked]
    norms = np.sqrt(np.maximum(users @ (idf**2), 1e-12))
    scores = (users @ (asked * idf)) / norms / max(float(np.linalg.norm(asked)), 1e-6)
    scores = scores.astype(np.float32)[None]
    if itself >= 0:
        scores[0, itself] = -np.inf
    scores[scores <= 0] = -np.inf
    return _named(scores, trained.users, n)


def _named(scores: NDArray[np.float32], vocabulary: Vocabulary, n: int) -> list[Neighbour]:
    best = top_k(scores, k=n, tie_order=vocabulary.tie_order)
    return [
        Neighbour(vocabulary.ids[int(item)], float(score))
        for item, score in zip(best.items[0].tolist(), best.scores[0].tolist(), strict=True)
        if item != EMPTY and not vocabulary.ids[int(item)].startswith(BLANK)
    ]
