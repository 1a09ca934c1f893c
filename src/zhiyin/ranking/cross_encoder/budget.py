"""As many candidates as there is time for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats
from zhiyin.ranking.cross_encoder.scorer import PairScorer

_FIRST = 2
"""Candidates read before anything is known of the pace."""
_STEP = 8


def score_within(
    scorer: PairScorer, query: str, texts: Sequence[str], *, deadline: Deadline
) -> Floats:
    """Scores of the first texts, as many as the deadline leaves time for.

    They are read in parts of two, then of at most eight; a part that, at the pace of the parts
    before, would end after the deadline is made smaller or not begun. At least the first part
    is read, however short the time.

    Args:
        scorer: What reads.
        query: What is asked.
        texts: Candidates, the most promising first.
        deadline: When to have ended.

    Returns:
        float32 of shape (m,), m <= n.
    """
    found: list[Floats] = []
    done, began = 0, deadline.spent
    while done < len(texts):
        size = _FIRST if not done else _STEP
        if done:
            pace = max((deadline.spent - began) / done, 1e-9)
            size = min(size, int(min(deadline.left / pace, _STEP)))
        if size < 1:
            break
        found.append(scorer.score(query, texts[done : done + size]))
        done += len(found[-1])
    return np.concatenate([np.empty(0, dtype=np.float32), *found])


def joined_scores(first: Floats, second: Floats, *, weight: float) -> Floats:
    """Two scores of the same candidates as one: each in standard deviations, then averaged.

    Args:
        first: Shape (n,).
        second: Shape (n,).
        weight: Of the second, 0..1.

    Returns:
        float32 of shape (n,).
    """
    parts = (1.0 - weight) * _standard(first) + weight * _standard(second)
    return np.asarray(parts, dtype=np.float32)


def _standard(values: Floats) -> Floats:
    spread = float(values.std()) if len(values) else 0.0
    if spread <= 1e-9:
        return np.zeros(len(values), dtype=np.float32)
    return np.asarray((values - values.mean()) / spread, dtype=np.float32)
