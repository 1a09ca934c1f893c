"""A large cross-encoder's opinions as labels, for a small one or for a linear scorer."""

from __future__ import annotations

import numpy as np

from zhiyin.core.histories import Floats
from zhiyin.ranking.cross_encoder.pairs import JudgedPairs
from zhiyin.ranking.groups import groups_of


def softened(scores: Floats, pairs: JudgedPairs, *, temperature: float = 1.0) -> JudgedPairs:
    """The pairs with a teacher's probabilities for labels (Hinton, Vinyals and Dean, 2015).

    Fitted on these, the loss of a cross-encoder is the cross-entropy with its teacher: the
    student learns how wrong each candidate is, not only which one was clicked.

    Args:
        scores: The teacher's, float32 of shape (rows,).
        pairs: What it scored.
        temperature: Above 1 flattens the probabilities, below 1 sharpens them.

    Returns:
        Labels that sum to 1 within each query.
    """
    shares = groups_of(pairs.indptr).softmax(scores.astype(np.float64) / temperature)
    return pairs.with_labels(shares.astype(np.float32))
