"""The connection: a head that is slow or endless is not waited for, and none stays for ever."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from zhiyin.app.http.problems import MEDIA_TYPE, problem_with

_LONGEST_HEAD = 64 * 1024
_UNREAD = "an address and its headers have 64 KiB at most; put long queries into the body of a POST"
HEADER_S = 10.0
"""Seconds for a head, where nothing else is set."""


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 with a limit on the time and the size of a request's head."""

    header_s: float = HEADER_S
    """Seconds from the opening of a connection, or the first byte, to the end of a head."""
    most_requests: int = 0
    """About how many requests a connection has before it is closed; 0: as many as it likes.
    Whichever of several workers is free takes the next one, so that work spreads."""
    _left = 0
    _timer: asyncio.TimerHandle | None = None
    _head = 0
    _in_head = False

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's own type
        """A client came: it has so long to ask something."""
        super().connection_made(transport)
        most = self.most_requests
        self._left = most // 2 + secrets.randbelow(most + 1)  # not all end at once
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Bytes came: part of a head counts against its limits."""
        self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > _LONGEST_HEAD:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Says what is wrong with a request that is none, as everything else is said."""
        problem = problem_with(
            400, "BadRequest", f"this is no HTTP request that can be read: {msg}", hint=_UNREAD
        )
        body = problem.model_dump_json(exclude_none=True).encode()
        head = (
            "HTTP/1.1 400 Bad Request\r\n"
            f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head, self._head = True, 0
        if self._timer is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head = False
        self._stop()
        super().on_headers_complete()
        self._left -= 1
        if self.most_requests and self._left <= 0:
            self.cycle.keep_alive = False

    def connection_lost(self, exc: Exception | None) -> None:
        """The client left."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._timer = self.loop.call_later(self.header_s, self._give_up)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.close()
