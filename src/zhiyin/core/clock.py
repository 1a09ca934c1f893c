"""Time as a parameter: nothing below ``app`` reads the wall clock on its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

Clock = Callable[[], int]
"""Returns the present in milliseconds since the Unix epoch."""


def system_clock() -> int:
    """The machine's own clock, in milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


def fixed_clock(milliseconds: int) -> Clock:
    """A clock that stands still, for tests and replays."""
    return lambda: milliseconds


@dataclass
class Deadline:
    """A time budget that a long computation asks as it goes.

    Args:
        seconds: The budget; ``float("inf")`` for none.
    """

    seconds: float
    started: float = field(default_factory=time.monotonic)

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float:
        """Seconds until the budget is spent, never below 0."""
        return max(0.0, self.seconds - self.spent)

    def part(self, share: float) -> Deadline:
        """A deadline over a share (0..1] of what is left."""
        return Deadline(self.left * share)
