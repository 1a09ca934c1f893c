"""What each feature does to a score: exact for trees and linear forms, LIME for the rest."""

from __future__ import annotations

from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.core.influence import local_slopes
from zhiyin.core.protocols import Scorer

Reals: TypeAlias = NDArray[np.float64]


@runtime_checkable
class Attributable(Protocol):
    """A scorer that knows its own contributions."""

    def contributions(self, features: Floats) -> Reals:
        """What each feature adds, and last what every row starts from: shape (rows, f + 1).

        The sum of a row is its score.
        """
        ...


def contributions(scorer: Scorer, features: Floats) -> Reals | None:
    """Exact contributions of shape (rows, f + 1); None where the scorer does not know them."""
    return scorer.contributions(features) if isinstance(scorer, Attributable) else None


def slopes(scorer: Scorer, features: Floats, row: int, *, rng: np.random.Generator) -> Reals:
    """LIME around one row, steps in the spread of the others: shape (f,)."""
    with np.errstate(invalid="ignore"):
        known = np.where(np.isfinite(features), features, np.nan)
        counts = np.isfinite(known).sum(axis=0)
        spread = np.zeros(features.shape[1], dtype=np.float32)
        some = counts > 1
        spread[some] = np.nanstd(known[:, some], axis=0)
    return local_slopes(scorer.score, features[row], scale=spread, rng=rng)
