"""Requests per second of each key, counted over all workers of a machine.

The generic cell rate algorithm, which is a token bucket with one number per key: the time at
which its bucket will be full again. The numbers lie in a file that every worker maps; a lock
on the key's place makes reading and writing it one step.
"""

from __future__ import annotations

import fcntl
import mmap
import struct
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

_PLACE = struct.Struct("<8sd")
_PLACES = 4096
_SIZE = _PLACES * _PLACE.size


class RateLimiter:
    """Token buckets by key.

    Args:
        path: The shared file, made where absent; None where there is one worker.
        now: Seconds of a clock that all workers share and that never goes back.
    """

    def __init__(
        self, path: Path | None = None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self._file = path.open("a+b") if path is not None else None
        if self._file is not None:
            self._file.truncate(_SIZE)  # the same size from every worker: nothing is lost
        self._map = mmap.mmap(self._file.fileno() if self._file else -1, _SIZE)
        self._places: dict[str, int] = {}

    def close(self) -> None:
        """Closes the file."""
        self._map.close()
        if self._file is not None:
            self._file.close()

    def wait(self, key_id: str, *, rate: float, burst: float) -> float:
        """Takes one token.

        Args:
            key_id: Whose bucket.
            rate: Tokens per second.
            burst: Seconds of ``rate`` that fit into the bucket; at least one token does.

        Returns:
            0 where a token was there, else the seconds until there is one.
        """
        step = 1.0 / rate
        depth = max(burst, step)
        place = self._place(key_id)
        with self._locked(_PLACE.size, place):
            name, full = _PLACE.unpack_from(self._map, place)
            now = self._now()
            # A time far ahead was left by a machine that ran longer: the clock began anew.
            full = now if full > now + depth + step else max(full, now)
            if full + step - now > depth + 1e-9:
                return full + step - now - depth
            _PLACE.pack_into(self._map, place, name, full + step)
            return 0.0

    @contextmanager
    def _locked(self, size: int, start: int) -> Generator[None]:
        """Keeps other processes out of a part of the file."""
        if self._file is None:
            yield
            return
        fcntl.lockf(self._file, fcntl.LOCK_EX, size, start)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, size, start)

    def _place(self, key_id: str) -> int:
        place = self._places.get(key_id)
        if place is None:
            place = self._places[key_id] = self._find(key_id.encode("ascii")[:8].ljust(8, b"\0"))
        return place

    def _find(self, name: bytes) -> int:
        """The place of a name, taken now if nobody has it; when all are taken the first."""
        start = _hash(name) % _PLACES
        with self._locked(_SIZE, 0):
            for step in range(_PLACES):
                place = (start + step) % _PLACES * _PLACE.size
                held = bytes(self._map[place : place + 8])
                if held == name:
                    return place
                if held == bytes(8):
                    _PLACE.pack_into(self._map, place, name, 0.0)
                    return place
        return start * _PLACE.size


def _hash(name: bytes) -> int:
    """A number that is the same in every process."""
    return int.from_bytes(name, "little") * 0x9E3779B97F4A7C15 % 2**64 >> 20
