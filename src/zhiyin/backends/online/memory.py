"""Online state of one process."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_SWEEP = 10_000
"""Writes after which what has expired is looked for and dropped."""


@dataclass(slots=True)
class _Kept:
    value: Any
    until: float


class MemoryState:
    """Keeps everything in this process; a worker beside it sees nothing of it.

    Args:
        now: Seconds of a clock that never goes back.
    """

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._owners: dict[str, dict[tuple[str, str], _Kept]] = {}
        self._writes = 0

    def get(self, owner: str, name: str) -> bytes | None:
        """See `OnlineState.get`."""
        with self._lock:
            kept = self._find(owner, ("value", name))
            return None if kept is None else kept.value

    def put(
        self, owner: str, name: str, value: bytes, *, ttl: float | None = None, new: bool = False
    ) -> bool:
        """See `OnlineState.put`."""
        with self._lock:
            place = ("value", name)
            if new and self._find(owner, place) is not None:
                return False
            self._keep(owner, place, _Kept(value, self._until(ttl)))
            return True

    def increment(
        self,
        owner: str,
        name: str,
        by: int = 1,
        *,
        ttl: float | None = None,
        limit: int | None = None,
    ) -> int | None:
        """See `OnlineState.increment`."""
        with self._lock:
            place = ("counter", name)
            kept = self._find(owner, place) or _Kept(0, self._until(ttl))
            if limit is not None and kept.value + by > limit:
                return None
            if by:
                kept.value += by
                self._keep(owner, place, kept)
            return kept.value

    def push(
        self, owner: str, name: str, value: bytes, *, keep: int, ttl: float | None = None
    ) -> None:
        """See `OnlineState.push`."""
        with self._lock:
            place = ("list", name)
            kept = self._find(owner, place)
            values: deque[bytes] = deque(kept.value if kept else (), maxlen=keep)
            values.append(value)
            self._keep(owner, place, _Kept(values, self._until(ttl)))

    def recent(self, owner: str, name: str) -> list[bytes]:
        """See `OnlineState.recent`."""
        with self._lock:
            kept = self._find(owner, ("list", name))
            return [] if kept is None else list(kept.value)

    def forget(self, owner: str) -> int:
        """See `OnlineState.forget`."""
        with self._lock:
            names = [name for name in self._owners.get(owner, {}) if self._find(owner, name)]
            self._owners.pop(owner, None)
            return len(names)

    def close(self) -> None:
        """Drops everything."""
        self._owners.clear()

    def _until(self, ttl: float | None) -> float:
        return float("inf") if ttl is None else self._now() + ttl

    def _find(self, owner: str, place: tuple[str, str]) -> _Kept | None:
        kept = self._owners.get(owner, {}).get(place)
        return None if kept is None or kept.until <= self._now() else kept

    def _keep(self, owner: str, place: tuple[str, str], kept: _Kept) -> None:
        self._owners.setdefault(owner, {})[place] = kept
        self._writes += 1
        if self._writes % _SWEEP == 0:
            now = self._now()
            alive = {
                whose: {at: one for at, one in places.items() if one.until > now}
                for whose, places in self._owners.items()
            }
            self._owners = {whose: places for whose, places in alive.items() if places}
