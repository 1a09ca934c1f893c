"""Asking an endpoint patiently and within limits: time-outs, attempts, waits, sizes."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any, Protocol, TypeVar

import httpx
import numpy as np

from zhiyin.core.errors import ConfigError
from zhiyin.llm.errors import ServiceDownError, ServiceRefusedError

_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504}
"""Answers after which the same request may succeed."""
_LONGEST_WAIT = 60.0
_MOST_BYTES = 64 * 1024 * 1024
_SHOWN = 200
_Read = TypeVar("_Read")
_Part = TypeVar("_Part", bytes, str)


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
        clock: Seconds since the Unix epoch.
        retried: Told of each attempt after the first.
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
        clock: Callable[[], float] = time.time,
        retried: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._retried = retried
        self.url = config.base_url.rstrip("/") + path
        self._config = config
        self._rng = rng
        self._drawing = Lock()
        self._sleep = sleep
        key = environment.get(config.key_variable, "").strip()
        if not (key.isascii() and key.isprintable()):
            raise ConfigError(
                f"the key in {config.key_variable} holds what no header can carry",
                hint="set it again, without line breaks or characters outside ASCII",
            )
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
        return self._patiently(http, body, self._whole)

    def lines(self, http: httpx.Client, body: dict[str, Any]) -> Generator[str]:
        """The lines of a successful answer as they come; tried again until the first comes.

        Raises:
            ServiceDownError: No answer after all attempts, or it broke off.
            ServiceRefusedError: The endpoint refuses the request.
        """
        response = self._patiently(http, body, lambda response: response)
        try:
            yield from self._within_limits(response, response.iter_lines())
        except httpx.HTTPError as error:
            raise ServiceDownError(
                f"the stream of {self.url} broke off: {type(error).__name__}: {error}",
                hint="ask again",
            ) from error
        finally:
            response.close()

    def _patiently(
        self, http: httpx.Client, body: dict[str, Any], read: Callable[[httpx.Response], _Read]
    ) -> _Read:
        trouble = ""
        for attempt in range(self._config.attempts):
            if attempt:
                self._retried()
            try:
                response = self._sent(http, body)
                if response.is_success:
                    return read(response)
                content = self._whole(response)
            except httpx.HTTPError as error:
                trouble = f"{type(error).__name__}: {error}"
                wait = None
            else:
                shown = content[:_SHOWN].decode("utf-8", "replace")
                trouble = f"HTTP {response.status_code}: {shown}"
                self._refuse_or_not(response.status_code, trouble)
                wait = self._asked_to_wait(response, trouble)
            if attempt + 1 < self._config.attempts:
                self._sleep(self._pause(attempt + 1) if wait is None else wait)
        raise ServiceDownError(
            f"{self.url} gave no answer in {self._config.attempts} attempts; last: {trouble}",
            hint="check that the endpoint runs and that base_url is right",
        )

    def _sent(self, http: httpx.Client, body: dict[str, Any]) -> httpx.Response:
        try:
            return http.send(http.build_request("POST", self.url, json=body), stream=True)
        except httpx.InvalidURL as error:
            raise ServiceRefusedError(
                f"{self.url} is no address: {error}",
                hint="base_url looks like http://localhost:11434/v1",
                status=404,
            ) from error

    def _refuse_or_not(self, status: int, trouble: str) -> None:
        if status not in _AGAIN:
            raise ServiceRefusedError(
                f"{self.url} refuses: {trouble}",
                hint=f"check the model's name and the key in {self._config.key_variable}",
                status=status,
            )

    def _asked_to_wait(self, response: httpx.Response, trouble: str) -> float | None:
        """Seconds that the endpoint wants to be left alone for, where we can wait so long."""
        wait = retry_after(response.headers.get("Retry-After", ""), self._clock())
        if wait is not None and wait > min(_LONGEST_WAIT, self._config.timeout):
            raise ServiceDownError(
                f"{self.url} wants to be asked again in {wait:.0f} s: {trouble}",
                hint="ask less, or elsewhere",
                retry_after=wait,
            )
        return wait

    def _whole(self, response: httpx.Response) -> bytes:
        """All of an answer; who sends drop by drop, or without end, is cut off."""
        try:
            return b"".join(self._within_limits(response, response.iter_bytes()))
        finally:
            response.close()

    def _within_limits(self, response: httpx.Response, parts: Iterable[_Part]) -> Generator[_Part]:
        deadline = time.monotonic() + self._config.timeout
        for part in parts:
            yield part
            if response.num_bytes_downloaded > _MOST_BYTES:
                raise httpx.ReadError(f"the answer is longer than {_MOST_BYTES} bytes")
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout(f"no end after {self._config.timeout:g} s")

    def _pause(self, attempt: int) -> float:
        longest = min(_LONGEST_WAIT, self._config.backoff * 2.0 ** (attempt - 1))
        with self._drawing:
            return float(longest * self._rng.uniform(0.5, 1.0))


def retry_after(header: str, now: float) -> float | None:
    """Seconds that a header Retry-After asks for, or None; it may be a number or a date.

    Args:
        header: The header's text.
        now: Seconds since the Unix epoch.
    """
    text = header.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except (ValueError, TypeError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
