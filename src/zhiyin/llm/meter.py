"""What a language model was asked, and what that took."""

from __future__ import annotations

from collections import Counter, deque
from threading import Lock

import numpy as np

_KEPT = 1000
"""Latencies that percentiles are taken over: the latest ones."""
COUNTS = (
    "calls",
    "failed",
    "refused_by_budget",
    "refused_by_breaker",
    "not_accepted",
    "cache_hits",
    "cache_misses",
    "retries",
    "tokens_in",
    "tokens_out",
    "tokens_cached",
)
"""What is counted, in the order of a snapshot."""


class Meter:
    """Counts, latencies and their percentiles; threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[str] = Counter()
        self._seconds = 0.0
        self._whole: deque[float] = deque(maxlen=_KEPT)
        self._first: deque[float] = deque(maxlen=_KEPT)

    def count(self, name: str, by: int = 1) -> None:
        """Adds to a count."""
        with self._lock:
            self._counts[name] += by

    def took(self, seconds: float) -> None:
        """A whole answer took so long."""
        with self._lock:
            self._whole.append(seconds)
            self._seconds += seconds

    def began(self, seconds: float) -> None:
        """The first piece of a streamed answer came after so long."""
        with self._lock:
            self._first.append(seconds)

    def snapshot(self) -> dict[str, float]:
        """Counts, seconds in total, and percentiles of the latest latencies in seconds."""
        with self._lock:
            result: dict[str, float] = {name: self._counts[name] for name in COUNTS}
            result["seconds"] = self._seconds
            for name, kept in (("latency", self._whole), ("first_piece", self._first)):
                if kept:
                    middle, high = np.percentile(list(kept), [50, 95]).tolist()
                    result |= {f"{name}_p50_s": middle, f"{name}_p95_s": high}
            return result
