"""The loop that all diversity re-rankers share: relevance against what a candidate adds.

Each place goes to the candidate i with the largest

    (1 - diversity) relevance_i + diversity gain_i(those picked before),

where relevance is the score brought to 0..1 over the candidates of the query, and the gain,
in which the methods differ, has a range of that length too. So one knob means one thing: at
0 the order is that of the scores, at 1 only the gain counts, in between a twin costs about as
much as the whole way from the best candidate to the last, times diversity / (1 - diversity).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.histories import Floats, ItemIndices
from zhiyin.core.topk import chunks

Places = NDArray[np.int64]
"""Indices into a query's candidates."""
Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]

_DECIMALS = 12
"""Values that agree to here are equal, so that rounding in a product decides no tie."""

_LEAST = 1e-6
"""Relevance counts at least so much beside diversity when slates are drawn."""

_CACHED = 2 * 2**20
"""Bytes of features worked on at a time, which stay in the cache from place to place."""


class DiversityConfig(Config):
    """How far relevance yields to diversity."""

    diversity: float = Field(default=0.1, ge=0, le=1)
    """Share of diversity in what is maximised; 0: the order of the scores, 1: nothing else."""
    scale: Literal["minmax", "softmax"] = "minmax"
    """How scores become relevance: (s - min) / (max - min) over the candidates, or exp(s - max)
    for scores that are logits."""


class Gains(Protocol):
    """What each candidate would add to the picked ones, for q queries at once."""

    def values(self) -> Doubles:
        """The gains now, shape (q, c)."""
        ...

    def take(self, picked: Places) -> None:
        """Told of the candidate that each query picked, shape (q,)."""
        ...


Start = Callable[[Doubles, Doubles, Mask, slice], Gains]
"""Makes the gains from relevance (q, c), features (q, c, w), which candidates take part (q, c),
and which of the caller's queries these are."""


def rerank_rows(
    scores: Floats,
    items: ItemIndices,
    table: Floats,
    *,
    n: int,
    config: DiversityConfig,
    start: Start,
) -> Places:
    """Re-ranks the candidates of q queries.

    Args:
        scores: float32 of shape (q, c); what is not finite is never picked.
        items: Row of the table for each candidate, int32 of shape (q, c); below 0 where a
            list is shorter.
        table: Features by item, shape (rows, w).
        n: Places of a list.
        config: The knob.
        start: Makes the gains of some queries.

    Returns:
        int64 of shape (q, min(n, c)): candidates, first place first; -1 where none is left.
    """
    scores = np.asarray(scores, dtype=np.float32)
    q, c = scores.shape
    n = max(0, min(n, c))
    allowed = np.isfinite(scores) & (items >= 0)
    if not config.diversity or not n:
        order = np.argsort(np.where(allowed, -scores, np.inf), axis=1, kind="stable")[:, :n]
        return np.where(np.take_along_axis(allowed, order, 1), order, -1)
    picked = np.full((q, n), -1, dtype=np.int64)
    for part in chunks(q, width=2 * c * max(1, table.shape[1]), budget_bytes=_CACHED):
        relevance = scaled(scores[part], allowed[part], config.scale)
        features = table[np.maximum(items[part], 0)].astype(np.float64)
        gains = start(relevance, features, allowed[part], part)
        picked[part] = _greedy(relevance, allowed[part], gains, n, config.diversity)
    return picked


class Marginal:
    """What each candidate of one query is worth in the next place, in units of the scores.

    It is the score plus diversity / (1 - diversity) times the gain times the range of the
    scores: in the order of what `rerank_rows` maximises with the scale "minmax", and exactly
    the score where diversity is 0, so that a policy that draws knows its unit.

    Args:
        scores: float32 of shape (c,), finite.
        features: Shape (c, w).
        config: The knob.
        start: Makes the gains.
    """

    def __init__(
        self, scores: Floats, features: Floats, *, config: DiversityConfig, start: Start
    ) -> None:
        self._scores = scores.astype(np.float64)
        allowed = np.isfinite(self._scores)[None]
        relevance = scaled(scores[None], allowed, "minmax")
        self._gains = start(relevance, features[None].astype(np.float64), allowed, slice(0, 1))
        span = float(np.ptp(self._scores)) if len(scores) else 0.0
        self._unit = span * config.diversity / max(1.0 - config.diversity, _LEAST)

    def values(self) -> Doubles:
        """The worth of every candidate now, float64 of shape (c,)."""
        return self._scores + self._unit * self._gains.values()[0]

    def take(self, picked: int) -> None:
        """Told of the candidate that got the place."""
        self._gains.take(np.array([picked], dtype=np.int64))


class OneGain(Protocol):
    """What each candidate of one query would add to the picked ones."""

    def values(self) -> Doubles:
        """The gains now, shape (c,)."""
        ...

    def take(self, picked: int) -> None:
        """Told of the candidate that was picked."""
        ...


def rerank_single(
    scores: Floats,
    features: Floats,
    *,
    n: int,
    config: DiversityConfig,
    start: Callable[[Doubles], OneGain],
) -> Places:
    """What `rerank_rows` does for one query, without the cost of a batch.

    Args:
        scores: float32 of shape (c,); what is not finite is never picked.
        features: Shape (c, w), a row per candidate.
        n: Places of the list.
        config: The knob.
        start: Makes the gains from vectors of length 1, shape (c, w).

    Returns:
        int64 of shape (at most n,).
    """
    scores = np.asarray(scores, dtype=np.float32)
    allowed = np.isfinite(scores)
    n = max(0, min(n, int(allowed.sum())))
    if not config.diversity or not n:
        return np.argsort(np.where(allowed, -scores, np.inf), kind="stable")[:n]
    relevance = scaled(scores[None], allowed[None], config.scale)[0]
    worth = np.where(allowed, (1.0 - config.diversity) * relevance, -np.inf)
    gains = start(directions(features[None].astype(np.float64), allowed[None])[0])
    picked = np.empty(n, dtype=np.int64)
    for place in range(n):
        value = worth + config.diversity * gains.values()
        best = int(np.round(value, _DECIMALS).argmax())
        picked[place] = best
        worth[best] = -np.inf
        if place + 1 < n:
            gains.take(best)
    return picked


def rerank_one(
    scores: Floats, features: Floats, rows: Callable[[Floats, ItemIndices], Places]
) -> Places:
    """One query as a batch of one.

    Args:
        scores: float32 of shape (c,).
        features: Shape (c, w), a row per candidate.
        rows: Re-ranks a batch, given scores and rows of the features.

    Returns:
        int64 of shape (at most c,), without the places that stayed empty.
    """
    places = rows(np.asarray(scores)[None], np.arange(len(features), dtype=np.int32)[None])[0]
    return places[places >= 0]


def scaled(scores: Floats, allowed: Mask, scale: Literal["minmax", "softmax"]) -> Doubles:
    """Scores as relevance in 0..1, the best of each row 1; 0 where a candidate takes no part."""
    wide = scores.astype(np.float64)
    high = np.max(wide, axis=1, where=allowed, initial=-np.inf, keepdims=True)
    low = np.min(wide, axis=1, where=allowed, initial=np.inf, keepdims=True)
    below = np.where(allowed, wide, high) - np.where(np.isfinite(high), high, 0.0)
    if scale == "softmax":
        return np.where(allowed, np.exp(below), 0.0)
    span = np.where(high > low, high - low, 1.0)
    return np.where(allowed, 1.0 + below / span, 0.0)


def directions(features: Doubles, allowed: Mask) -> Doubles:
    """Features as vectors of length 1, so that products are cosines.

    A row of zeros, or with anything that is not finite, is unknown: it becomes the mean of
    the known candidates' vectors, which makes it as like each of them as they are on average.

    Args:
        features: Shape (q, c, w).
        allowed: Candidates that take part, shape (q, c).
    """
    squares = np.einsum("qcw,qcw->qc", features, features)
    if bool((np.isfinite(squares) & (squares > 0) & allowed).all()):
        return features / np.sqrt(squares)[:, :, None]
    finite = np.isfinite(features).all(axis=2, keepdims=True)
    vectors = np.where(finite, features, 0.0)
    lengths = np.sqrt(np.square(vectors).sum(axis=2, keepdims=True))
    known = allowed[:, :, None] & (lengths > 0)
    vectors = np.where(known, vectors / np.where(known, lengths, 1.0), 0.0)
    mean = vectors.sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    return np.where(known, vectors, mean)


def likeness(vectors: Doubles, picked: Places) -> Doubles:
    """Products of each query's candidates with the one it picked, shape (q, c)."""
    last = vectors[np.arange(len(vectors)), picked]
    return (vectors @ last[:, :, None])[:, :, 0]


def _greedy(relevance: Doubles, allowed: Mask, gains: Gains, n: int, diversity: float) -> Places:
    rows = np.arange(len(relevance))
    left = allowed.copy()
    picked = np.full((len(rows), n), -1, dtype=np.int64)
    for place in range(n):
        value = (1.0 - diversity) * relevance + diversity * gains.values()
        best = np.argmax(np.where(left, np.round(value, _DECIMALS), -np.inf), axis=1)
        found = left[rows, best]
        if not found.any():
            break
        picked[:, place] = np.where(found, best, -1)
        left[rows, best] = False
        if place + 1 < n:
            gains.take(best)
    return picked
