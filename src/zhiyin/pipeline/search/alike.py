"""Items like an item by what they are about, within chosen categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.core.topk import EMPTY, top_k
from zhiyin.pipeline.likeness import Neighbour
from zhiyin.pipeline.search.meaning import MeaningIndex

Likeness = Literal["cosine", "pearson", "euclidean"]
"""How vectors are compared. All have length 1, so ``euclidean`` orders as ``cosine`` does."""
By = Literal["meaning", "behaviour", "both"]
"""What makes items alike: what they say, who takes them, or both."""

_RANK = 10
"""Reciprocal ranks are 1 / (10 + place): the first places count most (Cormack et al., 2009)."""
DEPTH = 200
"""Neighbours of each kind that are fused."""


@dataclass(frozen=True, slots=True)
class Categories:
    """Which categories neighbours may be of.

    Attributes:
        only: The category that they must have; "" for any.
        other: Whether they must share no category with the item.
    """

    only: str = ""
    other: bool = False

    def __bool__(self) -> bool:
        return bool(self.only) or self.other

    def allowed(self, categories: Sequence[Sequence[str]], row: int) -> NDArray[np.bool_]:
        """Which of n items may be found beside the item in a row; bool of shape (n,)."""
        result = np.ones(len(categories), dtype=np.bool_)
        if self.only:
            wanted = self.only.strip().casefold()
            for i, names in enumerate(categories):
                result[i] = any(name.strip().casefold() == wanted for name in names)
        if self.other and 0 <= row < len(categories):
            own = {name.strip().casefold() for name in categories[row]}
            for i, names in enumerate(categories):
                result[i] &= not any(name.strip().casefold() in own for name in names)
        return result


def nearest(
    meaning: MeaningIndex, row: int, allowed: NDArray[np.bool_], *, n: int, likeness: Likeness
) -> tuple[NDArray[np.int64], Floats]:
    """The rows most like one, best first, and how alike they are.

    ``euclidean`` gives 1 / (1 + distance); the others are correlations, at most 1.
    """
    vector = meaning.vectors_of(row)
    if not vector.any():
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    if likeness == "pearson":
        rows = meaning.leads()
        allowed = allowed[: len(rows)] & rows.any(axis=1)
        scores = (_centred(rows) @ _centred(vector)[0]).astype(np.float32)
        scores[~allowed] = -np.inf
        order = np.arange(len(rows), dtype=np.int32)
        best = top_k(scores[None], k=n, tie_order=order)
    else:
        best = meaning.like(vector, k=n, allowed=allowed)
    kept = best.items[0] != EMPTY
    scores = best.scores[0][kept]
    if likeness == "euclidean":
        scores = 1.0 / (1.0 + np.sqrt(np.maximum(2.0 - 2.0 * scores, 0.0)))
    return best.items[0][kept].astype(np.int64), np.asarray(scores, dtype=np.float32)


def fused(lists: Sequence[Sequence[Neighbour]], *, n: int) -> list[Neighbour]:
    """Several lists as one, by the sum of reciprocal ranks; ties by id."""
    nearest = [neighbours[:DEPTH] for neighbours in lists]
    by: dict[str, set[str]] = {}
    for neighbours in nearest:
        for neighbour in neighbours:
            by.setdefault(neighbour.id, set()).add(neighbour.by)
    scores = by_ranks([[neighbour.id for neighbour in each] for each in nearest], steepness=_RANK)
    return [
        Neighbour(i, score, by[i].pop() if len(by[i]) == 1 else "both")
        for i, score in list(scores.items())[:n]
    ]


def by_ranks(lists: Sequence[Sequence[str]], *, steepness: int) -> dict[str, float]:
    """The sum of reciprocal ranks of each id in several lists, the best first; ties by id.

    Args:
        lists: Ids, the best first.
        steepness: Added to each rank: the more, the less the first places differ.
    """
    scores: dict[str, float] = {}
    for ids in lists:
        for place, item in enumerate(ids, start=1):
            scores[item] = scores.get(item, 0.0) + 1.0 / (steepness + place)
    return dict(sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])))


def _centred(rows: Floats) -> Floats:
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
