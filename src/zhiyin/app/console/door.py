"""The door: what is asked of ``/console`` is passed on to the console's process.

One plain ASGI layer outside of the service's gate. The console holds no key: it asks the
service with the key that its visitor gave, so nothing is let in here that the gate would
refuse. Web sockets from pages of other origins are turned away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import WebSocketException

PREFIX = "/console"
"""Where the console stands."""
MOST_MIB = 64
"""Size of an upload at most."""
_OWN = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers of one connection alone."""
_GUARD = [
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
]
_PASSED = frozenset({"cookie", "origin", "user-agent", "accept-language"})
_DOWN = "The console is starting, or was stopped. Wait a few seconds and load the page again.\n"


class Door:
    """Passes on what is meant for the console, and everything else to the service.

    Args:
        app: The service.
        socket: Unix socket of the console's process.
    """

    def __init__(self, app: ASGIApp, *, socket: Path) -> None:
        self._app = app
        self._socket = socket
        self._client = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(socket)),
            base_url="http://console",
            timeout=httpx.Timeout(60.0, connect=5.0),
            # Cookies are the visitors'; a jar of our own would hand one visitor's to another.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request or a web socket on."""
        path = scope.get("path", "")
        if scope["type"] == "lifespan" or not (path == PREFIX or path.startswith(f"{PREFIX}/")):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket_passed(scope, receive, send)
        elif path == PREFIX:
            await RedirectResponse(f"{PREFIX}/")(scope, receive, send)
        else:
            await self._request_passed(scope, receive, send)

    async def _request_passed(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name not in _OWN]
        names = {name for name, _ in scope["headers"]}
        has_body = bool(names & {b"content-length", b"transfer-encoding"})
        request = self._client.build_request(
            scope["method"],
            _target(scope),
            headers=headers,
            content=_body(receive) if has_body else None,
        )
        try:
            answer = await self._client.send(request, stream=True)
        except _TooLargeError:
            text = f"A file may have {MOST_MIB} MiB. Use `zhiyin import` for larger ones.\n"
            await PlainTextResponse(text, 413)(scope, receive, send)
            return
        except httpx.TransportError:
            await PlainTextResponse(_DOWN, 503, {"Retry-After": "2"})(scope, receive, send)
            return
        try:
            kept = [
                (name.lower(), value)
                for name, value in answer.headers.raw
                if name.lower() not in _OWN
            ]
            await send(
                {
                    "type": "http.response.start",
                    "status": answer.status_code,
                    "headers": kept + _GUARD,
                }
            )
            async for chunk in answer.aiter_raw():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await answer.aclose()

    async def _socket_passed(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        await receive()  # websocket.connect
        if not same_origin(headers):
            await send({"type": "websocket.close", "code": 1008})
            return
        passed = [(name, value) for name, value in headers.items() if name in _PASSED]
        try:
            inner = await unix_connect(
                str(self._socket),
                f"ws://console{_target(scope)}",
                additional_headers=passed,
                user_agent_header=None,
                compression=None,
                max_size=MOST_MIB * 2**20,
                ping_interval=None,
            )
        except (OSError, WebSocketException, TimeoutError):
            await send({"type": "websocket.close", "code": 1013})
            return
        await send({"type": "websocket.accept"})
        await _joined(inner, receive, send)


def same_origin(headers: dict[str, str]) -> bool:
    """Whether a web socket was opened by a page of this address, or by no page at all."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


async def _joined(inner: ClientConnection, receive: Receive, send: Send) -> None:
    """Carries messages both ways until one side leaves."""

    async def outwards() -> None:
        async for message in inner:
            part = {"text": message} if isinstance(message, str) else {"bytes": message}
            await send({"type": "websocket.send", **part})

    async def inwards() -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            await inner.send(message["bytes"] if text is None else text)

    tasks = [asyncio.create_task(outwards()), asyncio.create_task(inwards())]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await inner.close()
    if tasks[0] in done:  # the console left; its visitor is told to come back
        try:
            await send({"type": "websocket.close", "code": 1012})
        except (OSError, RuntimeError):
            return  # the visitor left at the same moment


class _TooLargeError(Exception):
    """An upload is larger than `MOST_MIB`."""


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    read = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        chunk = message.get("body", b"")
        read += len(chunk)
        if read > MOST_MIB * 2**20:
            raise _TooLargeError
        yield chunk
        if not message.get("more_body", False):
            return


def _target(scope: Scope) -> str:
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path
