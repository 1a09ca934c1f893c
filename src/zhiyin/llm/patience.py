"""Asking an endpoint patiently and within limits: time-outs, attempts, waits, sizes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Protocol

import httpx
import numpy as np

from zhiyin.llm.errors import ServiceDownError, ServiceRefusedError

_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504}
"""Answers after which the same request may succeed."""
_LONGEST_WAIT = 60.0
_MOST_BYTES = 64 * 1024 * 1024
_SHOWN = 200


class EndpointSettings(Protocol):
    """What every endpoint's config has."""

    @property
    def base_url(self) -> str:
        """Address before the path."""
        ...

    @property
    def key_variable(self) -> str:
        """Environment variable that holds the key."""
        ...

    @property
    def timeout(self) -> float:
        """Seconds to wait for one whole answer."""
        ...

    @property
    def attempts(self) -> int:
        """How often a request is tried."""
        ...

    @property
    def backoff(self) -> float:
        """Seconds before the second attempt."""
        ...


class Endpoint:
    """One address that takes JSON and gives JSON.

    Args:
        config: Address, key and patience.
        path: What follows the base address, such as "/embeddings".
        rng: Draws the waiting times.
        environment: Where the key is looked for.
        sleep: How to wait, in seconds.
        transport: How requests travel, for tests; None for the network.
    """

    def __init__(
        self,
        config: EndpointSettings,
        path: str,
        *,
        rng: np.random.Generator,
        environment: Mapping[str, str] = os.environ,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = config.base_url.rstrip("/") + path
        self._config = config
        self._rng = rng
        self._drawing = Lock()
        self._sleep = sleep
        key = environment.get(config.key_variable, "")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._transport = transport
        self._ssl = httpx.create_ssl_context()

    def open(self) -> httpx.Client:
        """A connection, to be closed by whoever opened it; threads may share it."""
        return httpx.Client(
            headers=self._headers,
            timeout=self._config.timeout,
            transport=self._transport,
            verify=self._ssl,
        )

    def post(self, http: httpx.Client, body: dict[str, Any]) -> bytes:
        """The body of a successful answer.

        Raises:
            ServiceDownError: No answer after all attempts.
            ServiceRefusedError: The endpoint refuses the request.
        """
        trouble = ""
        for attempt in range(self._config.attempts):
            if attempt:
                self._sleep(self._pause(attempt))
            try:
                status, content = self._once(http, body)
            except httpx.TransportError as error:
                trouble = f"{type(error).__name__}: {error}"
                continue
            if 200 <= status < 300:
                return content
            trouble = f"HTTP {status}: {content[:_SHOWN].decode('utf-8', 'replace')}"
            if status not in _AGAIN:
                raise ServiceRefusedError(
                    f"{self.url} refuses: {trouble}",
                    hint=f"check the model's name and the key in {self._config.key_variable}",
                )
        raise ServiceDownError(
            f"{self.url} gave no answer in {self._config.attempts} attempts; last: {trouble}",
            hint="check that the endpoint runs and that base_url is right",
        )

    def _once(self, http: httpx.Client, body: dict[str, Any]) -> tuple[int, bytes]:
        """Status and content; who sends drop by drop, or without end, is cut off."""
        deadline = time.monotonic() + self._config.timeout
        parts: list[bytes] = []
        size = 0
        with http.stream("POST", self.url, json=body) as response:
            for part in response.iter_bytes():
                parts.append(part)
                size += len(part)
                if size > _MOST_BYTES:
                    raise httpx.ReadError(f"the answer is longer than {_MOST_BYTES} bytes")
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout(f"no end after {self._config.timeout:g} s")
            return response.status_code, b"".join(parts)

    def _pause(self, attempt: int) -> float:
        longest = min(_LONGEST_WAIT, self._config.backoff * 2.0 ** (attempt - 1))
        with self._drawing:
            return float(longest * self._rng.uniform(0.5, 1.0))
