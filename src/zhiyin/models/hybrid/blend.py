"""A weighted sum of standardised scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import Queries
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Retriever

_TINY = np.float32(1e-9)
_ROUNDING = np.float32(1e-6)
_BLOCK_FLOATS = 2**18
"""Floats worked on at a time, so that the passes over them stay in cache."""


def standardised(scores: Floats, *, weight: float = 1.0) -> Floats:
    """Each row with mean 0 and deviation ``weight``; rows without spread become 0.

    Args:
        scores: float32 of shape (q, n); overwritten.
        weight: What the standardised scores are multiplied by.

    Returns:
        ``scores``.
    """
    q, n = scores.shape
    step = max(1, _BLOCK_FLOATS // max(1, n))
    for start in range(0, q if n else 0, step):
        part = scores[start : start + step]
        mean = part.mean(axis=1)
        part -= mean[:, None]
        deviation = np.sqrt(np.einsum("ij,ij->i", part, part) / np.float32(n))
        flat = deviation <= _TINY + _ROUNDING * np.abs(mean)
        factor = np.float32(weight) / np.where(flat, np.float32(1.0), deviation)
        factor[flat] = 0.0
        part *= factor[:, None]
    return scores


@dataclass(frozen=True, slots=True)
class Member:
    """One fitted model of a blend, with its weight."""

    name: str
    weight: float
    model: Retriever


class Blend:
    """Sum of weight x standardised score over the members."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = list(members)

    def score(self, queries: Queries, *, keep: dict[str, Floats] | None = None) -> Floats:
        """Blended scores of shape (q, n_items).

        Args:
            queries: Whom to score for.
            keep: Takes what each member adds to the score, by name, as in `parts`.
        """
        total = None
        for member in self.members:
            part = standardised(member.model.score(queries), weight=member.weight)
            if keep is not None:
                keep[member.name] = part
            if total is None:
                total = part.copy() if keep is not None else part
            else:
                np.add(total, part, out=total)
        if total is None:
            raise ValueError("a blend needs at least one member")
        return total

    def parts(self, queries: Queries) -> dict[str, Floats]:
        """What each member adds to the score, by name; each of shape (q, n_items)."""
        return {m.name: standardised(m.model.score(queries), weight=m.weight) for m in self.members}

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """Blended likeness of every item to each asked item."""
        parts = [standardised(m.model.similar(items), weight=m.weight) for m in self.members]
        return np.add.reduce(parts, dtype=np.float32)
