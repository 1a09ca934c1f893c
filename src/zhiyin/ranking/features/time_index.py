"""How often something happened before a moment, for many things and moments at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Milliseconds
from zhiyin.core.protocols import Arrays

_UNIT = 1000
"""Milliseconds in a step of the index: a second."""


class TimeIndex:
    """Sorted (slot, second) pairs in one array of integers; a count is two binary searches.

    Args:
        keys: slot * span + second, sorted, int64 of shape (events,).
        start: The second that counts as 0.
        span: Seconds from the first event to beyond the last.
    """

    def __init__(self, keys: NDArray[np.int64], *, start: int, span: int) -> None:
        self._keys = keys
        self._start = start
        self._span = span

    @classmethod
    def of(cls, slots: NDArray[np.integer], times: Milliseconds) -> Self:
        """The index of events.

        Args:
            slots: What happened, int of shape (events,), from 0.
            times: When, shape (events,).
        """
        seconds = times // _UNIT
        start = int(seconds.min()) if len(seconds) else 0
        span = (int(seconds.max()) - start if len(seconds) else 0) + 2
        keys = slots.astype(np.int64) * span + (seconds - start)
        return cls(np.sort(keys), start=start, span=span)

    def before(
        self,
        slots: NDArray[np.integer],
        now: Milliseconds,
        *,
        windows: Sequence[float | None] = (None,),
    ) -> list[NDArray[np.int64]]:
        """How often each slot happened before a moment, not at it.

        Args:
            slots: Any shape.
            now: Moments, of a shape that broadcasts with ``slots``.
            windows: Of each, only events of so many seconds before; None for all.

        Returns:
            A count per slot for each window.
        """
        base = slots.astype(np.int64) * self._span
        until = np.clip(now // _UNIT - self._start, 0, self._span - 1)
        high = np.searchsorted(self._keys, base + until)
        found: list[NDArray[np.int64]] = []
        for window in windows:
            since = 0 if window is None else np.clip(until - int(window), 0, self._span - 1)
            found.append(high - np.searchsorted(self._keys, base + since))
        return found

    def first(self, slots: NDArray[np.integer]) -> NDArray[np.float64]:
        """When each slot first happened, in milliseconds; NaN where it never did."""
        return self._at(slots, np.searchsorted(self._keys, slots.astype(np.int64) * self._span))

    def last(self, slots: NDArray[np.integer], now: Milliseconds) -> NDArray[np.float64]:
        """When each slot last happened before a moment; NaN where it had not."""
        until = np.clip(now // _UNIT - self._start, 0, self._span - 1)
        places = np.searchsorted(self._keys, slots.astype(np.int64) * self._span + until)
        return self._at(slots, places - 1)

    def _at(self, slots: NDArray[np.integer], places: NDArray[np.integer]) -> NDArray[np.float64]:
        if not len(self._keys):
            return np.full(slots.shape, np.nan)
        inside = (places >= 0) & (places < len(self._keys))
        keys = self._keys[np.clip(places, 0, len(self._keys) - 1)]
        mine = inside & (keys // self._span == slots)
        when = (keys % self._span + self._start).astype(np.float64) * _UNIT
        return np.where(mine, when, np.nan)

    def in_one(self) -> Self:
        """The same events as if all were of slot 0."""
        return type(self)(np.sort(self._keys % self._span), start=self._start, span=self._span)

    @property
    def length(self) -> float:
        """Seconds from the first event to the last."""
        return float(self._span - 2)

    @property
    def end(self) -> int:
        """The moment just after the last event, in milliseconds."""
        return (self._start + self._span - 1) * _UNIT

    def state(self) -> Arrays:
        """The index as arrays."""
        return {"keys": self._keys, "frame": np.array([self._start, self._span], dtype=np.int64)}

    @classmethod
    def restored(cls, arrays: Arrays) -> Self:
        """The inverse of `state`."""
        start, span = arrays["frame"].tolist()
        return cls(np.asarray(arrays["keys"]), start=start, span=span)
