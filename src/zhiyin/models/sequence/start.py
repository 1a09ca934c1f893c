"""Item vectors before training: what behaviour alone says of the items."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.lowrank import item_directions

LENGTH = 0.05
"""Root mean square of the numbers of a vector."""
_ROUNDS = 3


def behaviour_vectors(
    histories: Histories, *, dim: int, rng: np.random.Generator, deadline: Deadline
) -> Floats:
    """Vectors in which items that the same users took are near one another.

    Leading right singular vectors of the interactions with the degrees of users and items
    divided out, times the singular values, without the first (it is popularity), turned at
    random so that every number holds a part of each, and cut to one length.

    Args:
        histories: What is learnt from.
        dim: Numbers of a vector.
        rng: Draws the first block, the turn, and vectors of items without events.
        deadline: When it passes, what was found so far is returned.

    Returns:
        float32 of shape (n_items, dim).
    """
    liked = histories.liked()
    values, vectors = item_directions(
        liked, rank=dim + 1, rng=rng, deadline=deadline, rounds=_ROUNDS
    )
    scaled = (vectors * np.sqrt(np.maximum(values, 0.0)))[:, 1:]
    turn = np.linalg.qr(rng.standard_normal((dim, dim)))[0][: scaled.shape[1]]
    turned = scaled @ turn.astype(np.float32)
    unknown = np.bincount(liked.indices, minlength=histories.n_items) == 0
    turned[unknown] = rng.standard_normal((int(unknown.sum()), dim), dtype=np.float32)
    return unit(turned) * np.float32(LENGTH * np.sqrt(dim))


def grown(vectors: Floats, known: NDArray[np.int32], histories: Histories) -> Floats:
    """Vectors of a catalogue that has grown: new items begin where their takers' histories are.

    Args:
        vectors: Of the items known before, (old items, dim).
        known: For each item its row in ``vectors``, or -1: int32 of shape (n_items,).
        histories: What is learnt from, over the grown catalogue.

    Returns:
        float32 of shape (n_items, dim).
    """
    result = np.where((known >= 0)[:, None], vectors[known], np.float32(0))
    matrix = histories.liked()
    takers = matrix.T.tocsr()[np.flatnonzero(known < 0)]
    company = unit(np.asarray(takers @ unit(np.asarray(matrix @ result))))
    length = np.sqrt(np.square(vectors).sum(axis=1)).mean() if len(vectors) else np.float32(LENGTH)
    result[known < 0] = company * np.float32(length)
    return np.asarray(result, dtype=np.float32)


def unit(vectors: Floats) -> Floats:
    """Rows of length 1; rows of zeros stay."""
    lengths = np.sqrt(np.square(vectors).sum(axis=1, keepdims=True))
    return np.asarray(vectors / np.maximum(lengths, np.float32(1e-12)), dtype=np.float32)
