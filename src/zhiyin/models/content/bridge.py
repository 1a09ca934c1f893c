"""Scores for items that nobody took yet, and a second opinion on those that somebody did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_matrix

from zhiyin.core.attributes import Attribute
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.protocols import Arrays
from zhiyin.models.content.carrier import Carrier
from zhiyin.models.content.kernel import likeness, sharpened

Part = Literal["carried", "past", "near"]
"""carried: what the other models give to items like it; past: what the history holds of
items like it, through the ridge; near: plain likeness to the history."""

_REFERENCE = 512
"""Items with behaviour by which content scores are standardised."""
_CARRIED = 400
"""Best items of a query whose scores are carried over."""
_SPREAD = np.float32(1e-9)


class BridgeConfig(Config):
    """What the recipe chooses on validation."""

    power: int = Field(default=3, ge=1, le=5)
    """Power of the polynomial kernel; 1 leaves likeness as it is."""
    l2: float = Field(default=0.3, gt=0)
    """Ridge, relative to the mean likeness of an item to itself."""
    parts: dict[Part, float] = Field(default_factory=lambda: {"carried": 1.0})
    """What content scores are made of, with weights."""
    beside: float = Field(default=0.0, ge=0)
    """Weight of content beside the other models, for items with behaviour."""
    scale: float = Field(default=1.0, gt=0)
    """Content scores of items without behaviour are multiplied by this, …"""
    shift: float = 0.0
    """… and this is added, so that they can be ranked among the others."""
    prior: float = Field(default=0.0, ge=0)
    """An item with n users is ranked n / (n + this) by the other models, the rest by content."""
    trust: float = Field(default=10.0, gt=0)
    """An item with n users teaches the ridge with weight n / (n + this)."""
    points: int = Field(default=4_000, ge=2)
    """Items with most users that teach the ridge: time grows with their cube."""


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """What is known of the items whose content scores are computed.

    Attributes:
        items: Which items, int64 of shape (m,).
        carry: Columns of the carrier, float32 of shape (points, m).
        near: Likeness to the points, float32 of shape (points, m); empty if not asked for.
    """

    items: NDArray[np.int64]
    carry: Floats
    near: Floats


class ContentBridge:
    """Brings what models say of items with behaviour to items without.

    With W the standardised scores of the other models, C the standardised content scores
    (sum of parts), n an item's users and g = n / (n + prior):
    score = g (W + beside C) + (1 - g) (scale C + shift). The likeness of items is a sum
    over attributes (see `zhiyin.models.content.alignment`), the ridge is `Carrier`.
    """

    config: BridgeConfig
    weights: dict[str, float]

    def __init__(self, config: BridgeConfig, weights: dict[str, float]) -> None:
        self.config = config
        self.weights = weights

    def fit(self, attributes: Sequence[Attribute], counts: NDArray[np.integer]) -> Self:
        """Learns from attributes and the number of users of each item.

        Args:
            attributes: Of all items.
            counts: Users per item, shape (n_items,); at least two are above 0.
        """
        warm = np.flatnonzero(counts)
        order = np.argsort(-counts[warm], kind="stable")[: self.config.points]
        points = np.sort(warm[order])
        chosen = [a for a in attributes if self.weights.get(a.name)]
        self._points = points
        self._counts = np.asarray(counts, dtype=np.float32)
        self._known = tuple(a.take(points) for a in chosen)
        every = np.arange(len(points))
        among = likeness(self._known, self.weights, every, self._known)
        self._scale = max(float(np.mean(np.diag(among))), 1e-6)
        users = self._counts[points]
        trusted = np.asarray(users / (users + np.float32(self.config.trust)), dtype=np.float32)
        self._carrier = Carrier.fit(
            sharpened(among, scale=self._scale, power=self.config.power),
            trusted=trusted,
            l2=self.config.l2,
        )
        self._columns = self._about(np.flatnonzero(self._needed()), chosen)
        return self

    @property
    def n_items(self) -> int:
        """Items that are scored."""
        return len(self._counts)

    @property
    def idle(self) -> bool:
        """Whether every score would pass unchanged."""
        return not self.config.beside and bool((self._counts > 0).all()) and not self.config.prior

    def extended(self, attributes: Sequence[Attribute]) -> ContentBridge:
        """The bridge with new items, which nobody took, behind the known ones.

        Args:
            attributes: Of the new items, as those that ``fit`` saw.
        """
        chosen = [a for a in attributes if self.weights.get(a.name)]
        total = len(chosen[0]) if chosen else 0
        bridge = ContentBridge(self.config, self.weights)
        bridge.__dict__.update(self.__dict__)
        bridge._counts = np.concatenate([self._counts, np.zeros(total, dtype=np.float32)])
        carry, near = self._between(chosen, None)
        bridge._columns = _Columns(
            np.concatenate([self._columns.items, self.n_items + np.arange(total)]),
            np.hstack([self._columns.carry, carry]),
            np.hstack([self._columns.near, near]),
        )
        return bridge

    def pretending(self, cold: NDArray[np.bool_]) -> ContentBridge:
        """The bridge as if nobody had taken some items, bool of shape (n_items,), yet."""
        bridge = ContentBridge(self.config, self.weights)
        bridge.__dict__.update(self.__dict__)
        bridge._counts = np.where(cold, np.float32(0), self._counts)
        return bridge

    def apply(self, histories: Histories, scores: Floats) -> Floats:
        """Scores of all items.

        Args:
            histories: Of q queries.
            scores: The other models', float32 of shape (q, known items); of items behind
                the last column nothing is known.

        Returns:
            float32 of shape (q, n_items).
        """
        if self.idle:
            return scores
        rows = self.rows(scores)
        total = np.zeros((len(rows), self.n_items), dtype=np.float32)
        total[:, : rows.shape[1]] = rows
        self.mix(total, self.content(histories, rows))
        return total

    def rows(self, scores: Floats) -> Floats:
        """The other models' scores, standardised over the items that have users."""
        return _standardised_by(scores, np.flatnonzero(self._counts[: scores.shape[1]] > 0))

    def mix(self, total: Floats, content: Floats) -> None:
        """Puts content scores among the others, in place.

        Args:
            total: Standardised scores of the other models, float32 of shape (q, n_items);
                overwritten.
            content: From `content`.
        """
        settings, columns = self.config, self._columns
        warm = self._counts > 0
        gate = np.where(warm, self._counts / np.maximum(self._counts + settings.prior, 1), 0)
        gate = gate[columns.items].astype(np.float32)
        mixed = gate * (total[:, columns.items] + np.float32(settings.beside) * content)
        cold = np.float32(settings.scale) * content + np.float32(settings.shift)
        mixed += (1 - gate) * cold
        total[:, columns.items] = mixed

    def content(self, histories: Histories, rows: Floats) -> Floats:
        """Content scores of the items that have them, float32 of shape (q, m).

        Args:
            histories: Of q queries.
            rows: Standardised scores of the other models, shape (q, known items).
        """
        parts = self.parts(histories, rows)
        return self.standardised(
            np.add.reduce([np.float32(self.config.parts[n]) * s for n, s in parts.items()])
        )

    def parts(self, histories: Histories, rows: Floats) -> dict[Part, Floats]:
        """Standardised scores of each part, of shape (q, m); see `content`."""
        return {
            part: self.standardised(self._part(part, histories, rows)) for part in self.config.parts
        }

    def standardised(self, scores: Floats) -> Floats:
        """Rows with mean 0 and deviation 1 over the items that have users."""
        return _standardised_by(scores, self._reference())

    @property
    def items(self) -> NDArray[np.int64]:
        """Which items have content scores, int64 of shape (m,)."""
        return self._columns.items

    def ties(self, past: NDArray[np.integer], items: NDArray[np.integer]) -> Floats:
        """How much a past item speaks for another through the ridge, 0 where nothing is known.

        Args:
            past: Items with behaviour, shape (p,).
            items: Shape (m,).

        Returns:
            float32 of shape (p, m).
        """
        size = max(self.n_items, 1 + int(max(past.max(initial=0), items.max(initial=0))))
        place = np.full(size, -1)
        place[self._points] = np.arange(len(self._points))
        column = np.full(size, -1)
        column[self._columns.items] = np.arange(len(self._columns.items))
        rows, columns = place[past], column[items]
        found = self._columns.carry[np.ix_(np.maximum(rows, 0), np.maximum(columns, 0))].copy()
        found[rows < 0] = 0
        found[:, columns < 0] = 0
        return found

    def _part(self, part: Part, histories: Histories, rows: Floats) -> Floats:
        if part == "carried":
            return _times(_best(rows[:, self._points]), self._columns.carry)
        past = histories.positive().resized(rows.shape[1]).matrix()[:, self._points]
        return np.asarray(
            past @ (self._columns.carry if part == "past" else self._columns.near),
            dtype=np.float32,
        )

    def _reference(self) -> NDArray[np.intp]:
        """Places, among the columns, of items with behaviour: the yardstick of every score."""
        warm = np.flatnonzero(self._counts[self._columns.items] > 0)
        return warm[:: max(1, len(warm) // _REFERENCE)]

    def _needed(self) -> NDArray[np.bool_]:
        """Which items get content scores: all where they count, else cold ones and a yardstick."""
        settings = self.config
        warm = self._counts > 0
        if settings.beside or settings.prior:
            return np.ones(len(warm), dtype=np.bool_)
        needed = ~warm
        needed[self._points[:: max(1, len(self._points) // _REFERENCE)]] = True
        return needed

    def _about(self, items: NDArray[np.integer], attributes: Sequence[Attribute]) -> _Columns:
        own = np.full(len(self._counts), -1)
        own[self._points] = np.arange(len(self._points))
        carry, near = self._between([a.take(items) for a in attributes], own[items])
        return _Columns(np.asarray(items, dtype=np.int64), carry, near)

    def _between(
        self, others: Sequence[Attribute], own: NDArray[np.integer] | None
    ) -> tuple[Floats, Floats]:
        """Columns of the carrier, and likeness where it is asked for."""
        every = np.arange(len(self._points))
        near = likeness(self._known, self.weights, every, others)
        wanted = "near" in self.config.parts
        plain = near.copy() if wanted else near[:, :0]
        if wanted and own is not None:
            at = np.flatnonzero(own >= 0)
            plain[own[at], at] = 0
        kernel = sharpened(near, scale=self._scale, power=self.config.power)
        return self._carrier.columns(kernel, own=own), plain

    def state(self) -> Arrays:
        """Everything that was learned."""
        arrays: dict[str, NDArray[Any]] = {
            "points": self._points,
            "counts": self._counts,
            "scale": np.array([self._scale]),
            "factor": self._carrier.factor,
            "ones": self._carrier.ones,
            "items": self._columns.items,
            "carry": self._columns.carry,
            "near": self._columns.near,
        }
        for at, attribute in enumerate(self._known):
            arrays |= {f"{at}/{k}": a for k, a in _matrix_state(attribute.values).items()}
        return arrays

    def restore(self, arrays: Arrays) -> Self:
        """Takes everything back."""
        self._points, self._counts = arrays["points"], np.asarray(arrays["counts"])
        self._scale = float(arrays["scale"][0])
        self._carrier = Carrier(arrays["factor"], arrays["ones"])
        self._columns = _Columns(np.asarray(arrays["items"]), arrays["carry"], arrays["near"])
        self._known = tuple(
            Attribute(name, _matrix(arrays, f"{at}/")) for at, name in enumerate(self.weights)
        )
        return self


def _standardised_by(scores: Floats, reference: NDArray[np.integer]) -> Floats:
    """Rows with mean 0 and deviation 1 over some columns; rows without spread become 0."""
    part = scores[:, reference]
    mean = part.mean(axis=1, keepdims=True)
    deviation = part.std(axis=1, keepdims=True)
    result = scores - mean
    np.divide(result, deviation, out=result, where=deviation > _SPREAD + 1e-6 * np.abs(mean))
    result[(deviation <= _SPREAD + 1e-6 * np.abs(mean))[:, 0]] = 0
    return result


def _best(scores: Floats) -> Floats:
    """Roots of the best positive scores of each row, zeros elsewhere.

    The root keeps a few sure items from drowning the rest (chosen on validation).
    """
    kept = scores.shape[1] - _CARRIED
    if kept > 0:
        least = np.partition(scores, kept, axis=1)[:, kept]
        scores = np.where(scores >= least[:, None], scores, 0)
    return np.sqrt(np.maximum(scores, 0))


def _times(rows: Floats, weights: Floats) -> Floats:
    """A product that reads only the weights of what is not zero where there is one row."""
    if len(rows) > 1:
        return rows @ weights
    found = np.flatnonzero(rows[0])
    return (rows[0, found] @ weights[found])[None]


def _matrix_state(values: Floats | csr_matrix) -> Arrays:
    if isinstance(values, np.ndarray):
        return {"dense": values}
    shape = np.array(values.shape)
    return {"data": values.data, "indices": values.indices, "indptr": values.indptr, "shape": shape}


def _matrix(arrays: Arrays, prefix: str) -> Floats | csr_matrix:
    if f"{prefix}dense" in arrays:
        return arrays[f"{prefix}dense"]
    data, indices, indptr, shape = (
        arrays[prefix + name] for name in ("data", "indices", "indptr", "shape")
    )
    return csr_matrix((data, indices, indptr), shape=(int(shape[0]), int(shape[1])))
