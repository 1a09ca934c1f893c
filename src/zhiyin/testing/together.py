"""Work of several threads at once, for suites that look for races."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier


def together(work: Callable[[int], None], n: int) -> None:
    """Runs work in n threads that begin at one moment; an error of one is an error."""
    start = Barrier(n)

    def begin(number: int) -> None:
        start.wait()
        work(number)

    with ThreadPoolExecutor(n) as pool:
        list(pool.map(begin, range(n)))
