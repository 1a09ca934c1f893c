"""How many threads BLAS takes."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Generator[None, None, None]:
    """Keeps BLAS to one thread, for many small products or beside other threads.

    The setting belongs to the process: use it in batch work, not in concurrent queries.
    """
    controller: Any = _controller()
    with controller.limit(limits=1, user_api="blas"):
        yield
