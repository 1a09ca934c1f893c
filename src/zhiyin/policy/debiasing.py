"""Scores with the pull of popularity taken out, as far as asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.histories import Floats

_LARGEST = float(np.finfo(np.float32).max)


class DebiasConfig(Config):
    """How much popularity is held against an item."""

    strength: float = Field(default=0.1, ge=0)
    """Standard deviations of the scores that an item loses per standard deviation of log
    popularity; 0 leaves the scores as they are."""


def debias(
    scores: Floats, popularity: NDArray[np.integer], *, config: DebiasConfig | None = None
) -> Floats:
    """Scores less a multiple of log popularity.

    s'_i = s_i - strength sd(s) (l_i - mean(l)) / sd(l), with l_i = log(1 + users of i), means
    and standard deviations over the query's candidates. It is the adjustment of logits after
    training by tau log(prior) of Menon et al. ("Long-tail learning via logit adjustment",
    ICLR 2021), with units: scores here are no log-probabilities, so both sides are
    standardised. Of the whole catalogue it can bring up what nobody has seen; of a query's
    best few hundred candidates it chooses among what fits anyway.

    Args:
        scores: float32 of shape (c,) or (q, c). What is not finite stays and takes no part.
        popularity: Users of each candidate, shape (c,) or (q, c).
        config: The strength.

    Returns:
        float32 of the shape of the scores. Where the scores or the popularity are all
        alike, the scores as they were.
    """
    strength = (config or DebiasConfig()).strength
    scores = np.asarray(scores, dtype=np.float32)
    part = np.isfinite(scores)
    if not strength or not part.any():
        return scores.copy()
    logs = np.broadcast_to(np.log1p(np.maximum(popularity, 0)), scores.shape)
    deviations, spread = _centred(logs, part)
    _, size = _centred(np.where(part, scores, 0.0), part)
    penalty = strength * size * deviations / np.where(spread > 0, spread, np.inf)
    less = np.clip(np.where(part, scores, 0.0) - penalty, -_LARGEST, _LARGEST)
    return np.where(part, less.astype(np.float32), scores)


def _centred(
    values: NDArray[np.floating], part: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values less their mean, 0 outside the part, and their standard deviation, by row."""
    count = np.maximum(part.sum(axis=-1, keepdims=True), 1)
    wide = np.where(part, values, 0.0).astype(np.float64)
    centred = np.where(part, wide - wide.sum(axis=-1, keepdims=True) / count, 0.0)
    spread = np.sqrt(np.square(centred).sum(axis=-1, keepdims=True) / count)
    return centred, np.where(spread > 1e-9 * np.abs(wide).max(axis=-1, keepdims=True), spread, 0.0)
