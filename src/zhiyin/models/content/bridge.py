"""Scores for items that nobody took yet, and a second opinion on those that somebody did."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.attributes import Attribute
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.protocols import Arrays
from zhiyin.models.content.bridge_config import BridgeConfig, Part
from zhiyin.models.content.columns import Columns
from zhiyin.models.content.scores import roots_of_best, standardised_by, times

_REFERENCE = 128
"""Items with behaviour by which content scores are standardised."""


class ContentBridge:
    """Brings what models say of items with behaviour to items without.

    With W the standardised scores of the other models, C the standardised content scores
    (sum of parts), n an item's users and g = n / (n + prior):
    score = g (W + beside C) + (1 - g) (scale C + shift). The likeness of items is a sum
    over attributes (see `zhiyin.models.content.alignment`), the ridge is
    `zhiyin.models.content.carrier.Carrier`.

    Args:
        config: What the recipe chose.
        weights: Of the attributes, by name, in the attributes' order.
    """

    def __init__(self, config: BridgeConfig, weights: dict[str, float]) -> None:
        self.config = config
        self.weights = weights
        self._columns = Columns(weights, power=config.power, near="near" in config.parts)

    def fit(self, attributes: Sequence[Attribute], counts: NDArray[np.integer]) -> Self:
        """Learns from attributes and the number of users of each item.

        Args:
            attributes: Of all items.
            counts: Users per item, shape (n_items,); at least two are above 0.
        """
        warm = np.flatnonzero(counts)
        order = np.argsort(-counts[warm], kind="stable")[: self.config.points]
        points = np.sort(warm[order])
        self._counts = np.asarray(counts, dtype=np.float32)
        users = self._counts[points]
        trusted = np.asarray(users / (users + np.float32(self.config.trust)), dtype=np.float32)
        needed = np.flatnonzero(self._needed(points))
        self._columns.fit(attributes, points, needed, trusted=trusted, l2=self.config.l2)
        return self

    def _needed(self, points: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Which items get content scores: all where they count, else cold ones and a yardstick."""
        if self.config.beside or self.config.prior:
            return np.ones(len(self._counts), dtype=np.bool_)
        needed = self._counts == 0
        needed[points[:: max(1, len(points) // _REFERENCE)]] = True
        return needed

    @property
    def n_items(self) -> int:
        """Items that are scored."""
        return len(self._counts)

    @property
    def items(self) -> NDArray[np.int64]:
        """Which items have content scores, int64 of shape (m,)."""
        return self._columns.items

    @property
    def idle(self) -> bool:
        """Whether every score would pass unchanged."""
        return not (self.config.beside or self.config.prior or (self._counts == 0).any())

    @cached_property
    def _warm(self) -> NDArray[np.intp]:
        """The items that have users."""
        return np.flatnonzero(self._counts > 0)

    @cached_property
    def _cold(self) -> NDArray[np.intp]:
        """Places, among the scored items, of those without users."""
        return np.flatnonzero(self._counts[self.items] == 0)

    @cached_property
    def _yardstick(self) -> NDArray[np.intp]:
        """Places, among the scored items, of some that have users."""
        warm = np.flatnonzero(self._counts[self.items] > 0)
        return warm[:: max(1, len(warm) // _REFERENCE)]

    def extended(self, attributes: Sequence[Attribute]) -> ContentBridge:
        """The bridge with new items, which nobody took, behind the known ones.

        Args:
            attributes: Of the new items, as those that ``fit`` saw.
        """
        columns = self._columns.extended(attributes, start=self.n_items)
        total = len(columns.items) - len(self._columns.items)
        counts = np.concatenate([self._counts, np.zeros(total, dtype=np.float32)])
        return self._with(columns, counts)

    def pretending(self, cold: NDArray[np.bool_]) -> ContentBridge:
        """The bridge as if nobody had taken some items, bool of shape (n_items,), yet."""
        return self._with(self._columns, np.where(cold, np.float32(0), self._counts))

    def _with(self, columns: Columns, counts: NDArray[np.float32]) -> ContentBridge:
        bridge = ContentBridge(self.config, self.weights)
        bridge._columns, bridge._counts = columns, counts
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
        content = self.content(histories, rows)
        total = np.pad(rows, ((0, 0), (0, new))) if (new := self.n_items - rows.shape[1]) else rows
        self.mix(total, content)
        return total

    def rows(self, scores: Floats) -> Floats:
        """The other models' scores, standardised over the items that have users."""
        return standardised_by(scores, self._warm)

    def mix(self, total: Floats, content: Floats) -> None:
        """Puts content scores among the others, in place.

        Args:
            total: Standardised scores of the other models, float32 of shape (q, n_items);
                overwritten.
            content: From `content`.
        """
        settings, items = self.config, self.items
        cold = np.float32(settings.scale) * content + np.float32(settings.shift)
        if not settings.beside and not settings.prior:
            total[:, items[self._cold]] = cold[:, self._cold]
            return
        users = self._counts[items]
        gate = (users / np.maximum(users + settings.prior, 1)).astype(np.float32)
        mixed = gate * (total[:, items] + np.float32(settings.beside) * content)
        total[:, items] = mixed + (1 - gate) * cold

    def content(self, histories: Histories, rows: Floats) -> Floats:
        """Content scores of the items that have them, float32 of shape (q, m).

        Args:
            histories: Of q queries.
            rows: Standardised scores of the other models, shape (q, known items).
        """
        parts = self.parts(histories, rows)
        total = np.add.reduce([np.float32(self.config.parts[n]) * s for n, s in parts.items()])
        return standardised_by(total, self._yardstick)

    def parts(self, histories: Histories, rows: Floats) -> dict[Part, Floats]:
        """Standardised scores of each part, of shape (q, m); see `content`."""
        columns, found = self._columns, dict[Part, Floats]()
        liked = columns.liked(histories) if self.config.parts.keys() - {"carried"} else None
        for part in self.config.parts:
            if liked is None or part == "carried":
                scores = times(roots_of_best(rows[:, columns.points]), columns.carry)
            else:
                scores = liked.times(columns.carry if part == "past" else columns.near)
            found[part] = standardised_by(scores, self._yardstick)
        return found

    def ties(self, past: NDArray[np.integer], items: NDArray[np.integer]) -> Floats:
        """How much a past item speaks for another through the ridge, 0 where nothing is known.

        Args:
            past: Items with behaviour, shape (p,).
            items: Shape (m,); the result has shape (p, m).
        """
        return self._columns.ties(past, items)

    def state(self) -> Arrays:
        """Everything that was learned."""
        return {"counts": self._counts, **self._columns.state()}

    def restore(self, arrays: Arrays) -> Self:
        """Takes everything back."""
        self._counts = np.asarray(arrays["counts"])
        self._columns.restore(arrays)
        return self
