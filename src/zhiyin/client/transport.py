"""The way to the service and back: retries with jitter, errors as exceptions."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TypeVar

import httpx

from zhiyin.client.calls import RETRIED, Call
from zhiyin.client.errors import error_from, unreachable
from zhiyin.core.config import Config

T = TypeVar("T")


class Retries(Config):
    """How often, and after what time, something is asked again.

    Asked again are calls that may be repeated, after 429, 503, a broken connection or a
    timeout; and any call that never reached the service.
    """

    attempts: int = 4
    """Tries at most, the first one included."""
    first_s: float = 0.1
    """Seconds before the second try; each further one waits twice as long."""
    longest_s: float = 5.0
    """Seconds between two tries at most, unless the service asks for more."""

    def wait(self, attempt: int, told: str | None, rng: random.Random) -> float:
        """Seconds to wait after a try: up to half more or less, so that callers spread.

        Args:
            attempt: The try that failed, counted from 1.
            told: The service's Retry-After.
            rng: Source of the jitter.
        """
        usual = min(self.longest_s, self.first_s * 2 ** (attempt - 1)) * rng.uniform(0.5, 1.5)
        asked = float(told) if told and told.isdigit() else 0.0
        return max(usual, min(asked, 60.0) * rng.uniform(1.0, 1.2))


class Transport:
    """Sends calls, one after the other or from several threads.

    Args:
        http: The connections.
        retries: How often something is asked again.
        rng: Source of the jitter.
    """

    def __init__(self, http: httpx.Client, retries: Retries, rng: random.Random) -> None:
        self.http = http
        self._retries = retries
        self._rng = rng

    def send(self, call: Call[T]) -> T:
        """The answer to a call.

        Raises:
            ServiceError: There was none, or it was a problem.
        """
        attempt = 0
        while True:
            attempt += 1
            last = attempt >= self._retries.attempts or call.body_is_spent
            try:
                response = self.http.send(call.request(self.http))
            except httpx.TransportError as error:
                if last or not _may_repeat(call, error):
                    raise unreachable(str(self.http.base_url), error) from error
                told = None
            else:
                if response.is_success:
                    return call.read(response)
                if last or not (call.repeatable and response.status_code in RETRIED):
                    raise error_from(response.status_code, response.content)
                told = response.headers.get("Retry-After")
            time.sleep(self._retries.wait(attempt, told, self._rng))


class AsyncTransport:
    """Sends calls from an event loop.

    Args:
        http: The connections.
        retries: How often something is asked again.
        rng: Source of the jitter.
    """

    def __init__(self, http: httpx.AsyncClient, retries: Retries, rng: random.Random) -> None:
        self.http = http
        self._retries = retries
        self._rng = rng

    async def send(self, call: Call[T]) -> T:
        """The answer to a call.

        Raises:
            ServiceError: There was none, or it was a problem.
        """
        attempt = 0
        while True:
            attempt += 1
            last = attempt >= self._retries.attempts or call.body_is_spent
            try:
                response = await self.http.send(call.request(self.http))
            except httpx.TransportError as error:
                if last or not _may_repeat(call, error):
                    raise unreachable(str(self.http.base_url), error) from error
                told = None
            else:
                if response.is_success:
                    return call.read(response)
                if last or not (call.repeatable and response.status_code in RETRIED):
                    raise error_from(response.status_code, response.content)
                told = response.headers.get("Retry-After")
            await asyncio.sleep(self._retries.wait(attempt, told, self._rng))


def _may_repeat(call: Call[T], error: httpx.TransportError) -> bool:
    never_sent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    return call.repeatable or never_sent
