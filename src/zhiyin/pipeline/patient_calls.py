"""Calls that are waited for so long and no longer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from threading import BoundedSemaphore, Thread
from typing import TypeVar

T = TypeVar("T")


class TooManyCallsError(TimeoutError):
    """As many calls as may be are under way."""


class PatientCalls:
    """Waits for calls so long and no longer; what comes too late is dropped.

    Each call has a thread of its own, a daemon: one that is never answered must not hold up the
    end of the process, as a pool's threads would.

    Args:
        seconds: How long a call is waited for.
        most: Calls under way at once, late ones included.
        queue: Whether a further call waits for its turn, within its seconds, or is refused.
        name: Of the threads.
    """

    def __init__(self, *, seconds: float, most: int, queue: bool, name: str) -> None:
        self.seconds = seconds
        self._turns = BoundedSemaphore(most)
        self._turn_s = seconds if queue else 0.0
        self._name = name

    def __call__(self, ask: Callable[[], T]) -> T:
        """What ``ask`` returns or raises.

        Raises:
            TooManyCallsError: No turn came free.
            TimeoutError: It takes too long; it goes on, and keeps its turn until it ends.
        """
        if not self._turns.acquire(timeout=self._turn_s):
            raise TooManyCallsError
        answer: Future[T] = Future()
        context = copy_context()

        def work() -> None:
            try:
                tell = partial(answer.set_result, ask())
            except BaseException as error:
                tell = partial(answer.set_exception, error)
            self._turns.release()
            tell()

        Thread(target=context.run, args=(work,), daemon=True, name=self._name).start()
        return answer.result(timeout=self.seconds)
