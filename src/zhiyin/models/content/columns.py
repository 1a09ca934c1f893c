"""What the content bridge knows of each item that it scores, a column per item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.attributes import Attribute
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.named_arrays import group_of, under
from zhiyin.core.protocols import Arrays
from zhiyin.models.content.carrier import Carrier
from zhiyin.models.content.kernel import likeness, sharpened
from zhiyin.models.content.matrices import matrix_from, matrix_state
from zhiyin.models.content.scores import Liked

_LEAST_SCALE = 1e-6


class Columns:
    """Columns of the carrier, and plain likeness, from the points to the scored items.

    Args:
        weights: Of the attributes, by name, in the attributes' order.
        power: Of the polynomial kernel.
        near: Whether plain likeness is wanted.

    Attributes:
        points: Items that teach the ridge, sorted, int64 of shape (points,).
        items: Items that are scored, int64 of shape (m,).
        carry: float32 of shape (points, m).
        near: float32 of shape (points, m), or (points, 0) where it is not wanted.
    """

    points: NDArray[np.int64]
    items: NDArray[np.int64]
    carry: Floats
    near: Floats

    def __init__(self, weights: Mapping[str, float], *, power: int, near: bool) -> None:
        self._weights = weights
        self._power = power
        self._near = near

    def fit(
        self,
        attributes: Sequence[Attribute],
        points: NDArray[np.integer],
        items: NDArray[np.integer],
        *,
        trusted: NDArray[np.float32],
        l2: float,
    ) -> Self:
        """Learns the ridge on the points, and the columns of the items.

        Args:
            attributes: Of all items of the catalogue.
            points: Which of them teach.
            items: Which of them are scored.
            trusted: How far each point is trusted, 0..1, shape (points,).
            l2: See `Carrier.fit`.
        """
        chosen = self._chosen(attributes)
        self.points = np.asarray(points, dtype=np.int64)
        self._known = tuple(a.take(points) for a in chosen)
        every = np.arange(len(points))
        among = likeness(self._known, self._weights, every, self._known)
        self._scale = max(float(np.mean(np.diag(among))), _LEAST_SCALE)
        kernel = sharpened(among, scale=self._scale, power=self._power)
        self._carrier = Carrier.fit(kernel, trusted=trusted, l2=l2)
        self.items = np.asarray(items, dtype=np.int64)
        own = np.full(len(attributes[0]), -1)
        own[points] = every
        self.carry, self.near = self._between([a.take(items) for a in chosen], own[items])
        return self

    def extended(self, attributes: Sequence[Attribute], *, start: int) -> Columns:
        """With new items, numbered from ``start``, behind the others."""
        chosen = self._chosen(attributes)
        result = copy(self)
        total = len(chosen[0]) if chosen else 0
        carry, near = self._between(chosen, None)
        result.items = np.concatenate([self.items, start + np.arange(total)])
        result.carry = np.hstack([self.carry, carry])
        result.near = np.hstack([self.near, near])
        return result

    def liked(self, histories: Histories) -> Liked:
        """Which points the histories of q queries hold, and how much each is liked."""
        place = self._place
        indptr, items, values = histories.positive().resized(len(place)).distinct()
        points = place[items]
        kept = points >= 0
        before = np.concatenate([[0], np.cumsum(kept)])
        return Liked(before[indptr], points[kept], values[kept], len(self.points))

    @cached_property
    def _place(self) -> NDArray[np.int64]:
        """The place of each item among the points, -1 for those that are none."""
        place = np.full(1 + int(self.points.max(initial=0)), -1)
        place[self.points] = np.arange(len(self.points))
        return place

    def ties(self, past: NDArray[np.integer], items: NDArray[np.integer]) -> Floats:
        """How much each past item speaks for each other one; see `ContentBridge.ties`."""
        size = 1 + int(max(a.max(initial=0) for a in (past, items, self.points, self.items)))
        place, column = np.full(size, -1), np.full(size, -1)
        place[self.points] = np.arange(len(self.points))
        column[self.items] = np.arange(len(self.items))
        rows, columns = place[past], column[items]
        found = self.carry[np.ix_(np.maximum(rows, 0), np.maximum(columns, 0))].copy()
        found[rows < 0] = 0
        found[:, columns < 0] = 0
        return found

    def _chosen(self, attributes: Sequence[Attribute]) -> list[Attribute]:
        return [a for a in attributes if self._weights.get(a.name)]

    def _between(
        self, others: Sequence[Attribute], own: NDArray[np.integer] | None
    ) -> tuple[Floats, Floats]:
        every = np.arange(len(self.points))
        near = likeness(self._known, self._weights, every, others)
        plain = near.copy() if self._near else near[:, :0]
        if self._near and own is not None:
            at = np.flatnonzero(own >= 0)
            plain[own[at], at] = 0
        kernel = sharpened(near, scale=self._scale, power=self._power)
        return self._carrier.columns(kernel, own=own), plain

    def state(self) -> Arrays:
        """Everything that was learned."""
        arrays: dict[str, NDArray[Any]] = {
            "points": self.points,
            "scale": np.array([self._scale]),
            "factor": self._carrier.factor,
            "ones": self._carrier.ones,
            "items": self.items,
            "carry": self.carry,
            "near": self.near,
        }
        for at, attribute in enumerate(self._known):
            arrays |= under(str(at), matrix_state(attribute.values))
        return arrays

    def restore(self, arrays: Arrays) -> Self:
        """Takes everything back."""
        self.points, self.items = np.asarray(arrays["points"]), np.asarray(arrays["items"])
        self.carry, self.near = arrays["carry"], arrays["near"]
        self._scale = float(arrays["scale"][0])
        self._carrier = Carrier(arrays["factor"], arrays["ones"])
        self._known = tuple(
            Attribute(name, matrix_from(group_of(arrays, str(at))))
            for at, name in enumerate(self._weights)
        )
        return self
