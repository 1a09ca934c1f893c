"""How long the parts of an answer take, told to whoever listens; nobody by default.

    with stage("retrieve"):
        ...

A service sets a listener for the time of one request; without one a stage costs a look at a
context variable.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType

Listener = Callable[[str, float], None]
"""Called with a stage's name and its seconds, when it ends."""

_LISTENER: ContextVar[Listener | None] = ContextVar("zhiyin.stages", default=None)


class stage:
    """Times a block.

    Args:
        name: The stage: history, retrieve, rank, policy, evidence, expose, …
    """

    __slots__ = ("_listener", "_name", "_started")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._listener = _LISTENER.get()
        if self._listener is not None:
            self._started = time.perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._listener is not None:
            self._listener(self._name, time.perf_counter() - self._started)


@contextmanager
def listening(listener: Listener) -> Generator[None]:
    """Tells a listener of every stage in this context, and in threads that inherit it."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)
