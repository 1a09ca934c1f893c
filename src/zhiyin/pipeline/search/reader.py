"""Reads queries, and does not wait for ever: a remote encoder may be gone."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from time import monotonic

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import TextEncoder
from zhiyin.encode.errors import EncoderError
from zhiyin.llm.errors import ServiceError
from zhiyin.pipeline.patient_calls import PatientCalls

FAILURES = (EncoderError, ServiceError)
"""What an encoder raises when it cannot work."""
_KEPT = 256
"""Queries whose vectors are kept, where the encoder runs here: a conversation repeats them."""
_WAITING = 2
"""Requests that may hang at once: they end by the endpoint's own limits."""


class QueryReader:
    """Turns queries into vectors, in bounded time.

    Args:
        encoder: What reads.
        remote: Whether it is asked over a network, so may take long.
        patience: Seconds to wait.
        retry: Seconds for which an encoder that failed is not asked again.
        now: A clock that only moves forward, in seconds.
    """

    def __init__(
        self,
        encoder: TextEncoder,
        *,
        remote: bool,
        patience: float,
        retry: float,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._encoder = encoder
        calls = PatientCalls(seconds=patience, most=_WAITING, queue=True, name="query")
        self._calls = calls if remote else None
        self._patience = patience
        self._retry = retry
        self._now = now
        self._down_until = 0.0
        self.trouble = ""
        self._local = lru_cache(maxsize=_KEPT)(self._read)

    @property
    def down(self) -> bool:
        """Whether it failed a short while ago."""
        return bool(self.trouble) and self._now() < self._down_until

    def failed(self, error: Exception) -> None:
        """Told that the encoder failed elsewhere."""
        message = getattr(error, "message", "") or str(error) or type(error).__name__
        self.trouble = f"meaning was not searched: {message}"
        self._down_until = self._now() + self._retry

    def vector(self, text: str) -> Floats | None:
        """The vector of a query, shape (d,); None where it has none, or ``trouble`` says why."""
        if self.down:
            return None
        try:
            if self._calls is None:
                vector = self._local(text)
            else:
                vector = self._calls(lambda: self._read(text))
        except TimeoutError:
            self.failed(EncoderError(f"no answer in {self._patience:g} s"))
            return None
        except FAILURES as error:
            self.failed(error)
            return None
        self.trouble = ""
        return vector

    def _read(self, text: str) -> Floats | None:
        encoded = self._encoder.encode([text], role="query")
        return encoded.vectors[0] if encoded.present[0] else None
