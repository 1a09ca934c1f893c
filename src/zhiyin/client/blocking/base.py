"""The connection that the methods of a client share."""

from __future__ import annotations

import random
from types import TracebackType
from typing import Self

import httpx

from zhiyin.client.transport import Retries, Transport
from zhiyin.core.rng import unseeded


class Connected:
    """A client's connection.

    Args:
        address: Where the service is, such as "http://127.0.0.1:8088".
        key: The key, where keys were made.
        workspace: Which workspace, where a server without keys has several.
        timeout: Seconds to wait for an answer.
        retries: How often something is asked again.
        rng: Source of the jitter between two tries.
        transport: What sends, for tests; None for the network.

    Every method raises `ServiceError` (see `zhiyin.client.errors`) where the service answers
    with a problem, or not at all.
    """

    def __init__(
        self,
        address: str = "http://127.0.0.1:8088",
        *,
        key: str | None = None,
        workspace: str | None = None,
        timeout: float = 30.0,
        retries: Retries | None = None,
        rng: random.Random | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        if workspace:
            headers["X-Zhiyin-Workspace"] = workspace
        http = httpx.Client(base_url=address, headers=headers, timeout=timeout, transport=transport)
        self._transport = Transport(http, retries or Retries(), rng or unseeded())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._transport.http.close()
