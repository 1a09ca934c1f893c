"""A circuit breaker: who does not answer is left alone for a while, then asked once."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from zhiyin.llm.errors import ServiceDownError, ServiceError, ServiceRefusedError

_LONGEST = 600.0


class Breaker:
    """Closed: questions pass. Open: none does. Half-open: one does, and decides.

    A service that is down after all attempts, or refuses everything, opens it at once; other
    failures do so when ``failures`` come in a row. It stays open for ``cooldown`` seconds,
    doubled each time the question that was let through fails too, or for as long as the
    service itself asked for.

    Args:
        failures: Failures in a row that open it.
        cooldown: Seconds that it stays open at first.
        clock: Seconds of a clock that never goes back.
    """

    def __init__(
        self,
        *,
        failures: int = 5,
        cooldown: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures = failures
        self._first = self._wait = cooldown
        self._clock = clock
        self._lock = Lock()
        self._in_a_row = 0
        self._until: float | None = None
        self._probing = False
        self._why = ""
        self.opened = 0
        """How often it opened."""

    @property
    def state(self) -> str:
        """One of "closed", "open" and "half-open"."""
        with self._lock:
            if self._until is None:
                return "closed"
            return "open" if self._clock() < self._until else "half-open"

    def enter(self) -> None:
        """Lets a question pass; it must be followed by `succeeded`, `failed` or `left`.

        Raises:
            ServiceDownError: It is open, or somebody else is trying.
        """
        with self._lock:
            if self._until is None:
                return
            left = self._until - self._clock()
            if left > 0 or self._probing:
                raise ServiceDownError(
                    f"not asked: {self._why}",
                    hint=f"asked again in {max(left, 0.0):.0f} s",
                    retry_after=max(left, 0.0),
                )
            self._probing = True

    def succeeded(self) -> None:
        """The question was answered: closed."""
        with self._lock:
            self._in_a_row = 0
            self._until = None
            self._probing = False
            self._wait = self._first

    def left(self) -> None:
        """The question says nothing about the service: nobody waited for its end."""
        with self._lock:
            self._probing = False

    def failed(self, error: ServiceError) -> None:
        """The question was not answered."""
        with self._lock:
            probing, self._probing = self._probing, False
            self._in_a_row += 1
            if self._until is not None and not probing:
                return  # asked before it opened
            asked = error.retry_after if isinstance(error, ServiceDownError) else None
            if not (probing or self._in_a_row >= self._failures or _is_final(error)):
                return
            if probing:
                self._wait = min(_LONGEST, 2.0 * self._wait)
            self._until = self._clock() + max(self._wait, min(asked or 0.0, 24 * 3600.0))
            self._why = error.message
            self.opened += 1


def _is_final(error: ServiceError) -> bool:
    refused = isinstance(error, ServiceRefusedError) and error.concerns_everything
    return refused or isinstance(error, ServiceDownError)
