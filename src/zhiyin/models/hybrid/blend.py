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


def standardised(scores: Floats) -> Floats:
    """Each row with mean 0 and deviation 1; rows without spread become 0.

    Args:
        scores: float32 of shape (q, n).
    """
    centred = scores - scores.mean(axis=1, keepdims=True)
    deviation = np.sqrt(np.einsum("ij,ij->i", centred, centred) / max(1, scores.shape[1]))
    np.divide(centred, np.maximum(deviation, _TINY)[:, None], out=centred)
    centred[deviation <= _TINY] = 0.0
    return centred


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

    def score(self, queries: Queries) -> Floats:
        """Blended scores of shape (q, n_items)."""
        total = None
        for member in self.members:
            part = standardised(member.model.score(queries))
            part *= np.float32(member.weight)
            total = part if total is None else np.add(total, part, out=total)
        if total is None:
            raise ValueError("a blend needs at least one member")
        return total

    def parts(self, queries: Queries) -> dict[str, Floats]:
        """What each member adds to the score, by name; each of shape (q, n_items)."""
        return {
            m.name: standardised(m.model.score(queries)) * np.float32(m.weight)
            for m in self.members
        }

    def similar(self, items: NDArray[np.int32]) -> Floats:
        """Blended likeness of every item to each asked item."""
        parts = [standardised(m.model.similar(items)) * np.float32(m.weight) for m in self.members]
        return np.sum(parts, axis=0, dtype=np.float32)
