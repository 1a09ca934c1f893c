"""How many threads BLAS takes."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from threadpoolctl import ThreadpoolController


@contextmanager
def one_blas_thread() -> Generator[None, None, None]:
    """Keeps BLAS to one thread, for many small products or beside other threads.

    The setting belongs to the process, and finding the libraries takes half a
    millisecond: use it in batch work, not in concurrent queries.
    """
    controller: Any = ThreadpoolController()
    with controller.limit(limits=1, user_api="blas"):
        yield
