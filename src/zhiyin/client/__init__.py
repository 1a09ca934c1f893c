"""The typed client of a service: `Client`, and `AsyncClient` for event loops.

::

    from zhiyin.client import Client

    with Client("http://127.0.0.1:8088") as shop:
        slate = shop.recommend("u-7", n=5)
        shop.give_feedback({"slate_id": slate.slate_id, "item_id": slate.item_ids[0]})
"""

from __future__ import annotations

from zhiyin.client.awaiting.client import AsyncClient
from zhiyin.client.blocking.client import Client
from zhiyin.client.errors import (
    ChangedError,
    ConflictError,
    InvalidError,
    KeyRefusedError,
    NotFoundError,
    ServiceError,
    TooLargeError,
    TooManyError,
    UnavailableError,
    UnreachableError,
)
from zhiyin.client.transport import Retries

__all__ = [
    "AsyncClient",
    "ChangedError",
    "Client",
    "ConflictError",
    "InvalidError",
    "KeyRefusedError",
    "NotFoundError",
    "Retries",
    "ServiceError",
    "TooLargeError",
    "TooManyError",
    "UnavailableError",
    "UnreachableError",
]
