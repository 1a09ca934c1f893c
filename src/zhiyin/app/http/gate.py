"""The gate: everything that happens to a request before a route sees it.

Its identity, whose workspace it may see, how often and how much it may ask, and afterwards
what is counted and logged. One plain ASGI layer: it costs tens of microseconds.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from prometheus_client import Counter, Histogram
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zhiyin.app.http import metrics
from zhiyin.app.http.access import METRICS_PATH, OPEN_PATHS, scope_of
from zhiyin.app.http.logs import log_error, logger
from zhiyin.app.http.problems import Refusal, problem, refused
from zhiyin.app.http.rates import RateLimiter
from zhiyin.app.http.tenants import Tenants
from zhiyin.core.rng import fresh_id
from zhiyin.core.stages import listening
from zhiyin.pipeline.service_settings import HttpSettings

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_MIB = 2**20
_STREAM = "application/x-ndjson"
_NOWHERE = "(none)"
_LEFT = 499
"""Counted where a client left before its request was whole."""
Tracer = Callable[[Scope], AbstractContextManager[Any]]
"""Makes the span of a request."""


@dataclass(slots=True)
class _Passage:
    """One request on its way."""

    scope: Scope
    headers: dict[str, str]
    request_id: str
    started: float = field(default_factory=time.perf_counter)
    workspace: str = ""
    key: str = ""
    status: int = 0

    @property
    def route(self) -> str:
        """The pattern of the route, without anybody's id."""
        return route_of(self.scope)


class Gate:
    """The outermost layer of the service.

    Args:
        app: What is behind it.
        tenants: The workspaces.
        settings: The limits.
        limiter: Counts requests by key; None where nothing is limited.
        tracer: Makes a span per request; None for none.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        tenants: Tenants,
        settings: HttpSettings,
        limiter: RateLimiter | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._app = app
        self._tenants = tenants
        self._settings = settings
        self._limiter = limiter
        self._tracer: Tracer = tracer or (lambda _scope: nullcontext())
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or turns it away."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        passage = _Passage(scope, headers, _request_id(scope))
        answer = _Answer(send, passage)
        counted = scope["path"] not in OPEN_PATHS
        self._under_way += counted
        metrics.IN_FLIGHT.set(self._under_way)
        try:
            with self._tracer(scope) as span:
                await self._pass(passage, receive, answer, span)
        except Refusal as refusal:
            metrics.REFUSED.labels(refusal.title).inc()
            await self._answer(refused(refusal), passage, receive, answer)
        except ClientDisconnect:
            passage.status = passage.status or _LEFT  # nobody is there to be told anything
        except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # what a library of another language throws is no Exception
            metrics.ERRORS.labels(passage.workspace, type(error).__name__).inc()
            log_error(error, request_id=passage.request_id, workspace=passage.workspace)
            told = f"the service failed; its log has more under {passage.request_id}"
            await self._answer(problem(500, "InternalError", told), passage, receive, answer)
        finally:
            self._under_way -= counted
            metrics.IN_FLIGHT.set(self._under_way)
            self._tell(passage)

    async def _pass(
        self,
        passage: _Passage,
        receive: Receive,
        answer: _Answer,
        span: Any,  # noqa: ANN401 - the tracer's own type; None without one
    ) -> None:
        scope, settings = passage.scope, self._settings
        method, path = scope["method"], scope["path"]
        is_open = path in OPEN_PATHS or method == "OPTIONS"
        if not is_open and self._under_way > settings.max_in_flight:
            raise Refusal(
                503, "Busy", "too many requests are under way", headers={"Retry-After": "1"}
            )
        needed = None if is_open else scope_of(method, path)
        together = path == METRICS_PATH
        tenant, key = self._tenants.admit(passage.headers, scope=needed, together=together)
        if key is not None:
            passage.key = key.id
            self._count(key.id, settings.rate if key.rate is None else key.rate)
        if tenant is not None:
            passage.workspace = tenant.name
            scope["zhiyin.workspace"] = tenant.workspace
        scope["zhiyin.tenant"] = tenant
        scope["zhiyin.request_id"] = passage.request_id
        body = _Body(receive, passage.headers, settings)

        def listen(stage: str, seconds: float) -> None:
            _stage(passage.workspace, stage).observe(seconds)
            if span is not None:
                span.add_event(stage, {"seconds": seconds})

        with listening(listen):
            await self._app(scope, body, answer)

    def _count(self, key_id: str, rate: float) -> None:
        if self._limiter is None or rate <= 0:
            return
        wait = self._limiter.wait(key_id, rate=rate, burst=self._settings.burst)
        if wait:
            raise Refusal(
                429,
                "TooManyRequests",
                f"this key may ask {rate:g} times a second",
                headers={"Retry-After": str(max(1, round(wait + 0.5)))},
            )

    @staticmethod
    async def _answer(
        response: Response, passage: _Passage, receive: Receive, answer: _Answer
    ) -> None:
        if not passage.status:
            await response(passage.scope, receive, answer)

    def _tell(self, passage: _Passage) -> None:
        seconds = time.perf_counter() - passage.started
        metrics.WAITING.set(current_default_thread_limiter().statistics().tasks_waiting)
        method, route, status = passage.scope["method"], passage.route, passage.status
        requests, latency = _counted(passage.workspace, method, route, status)
        requests.inc()
        latency.observe(seconds)
        logger.info(
            "request",
            extra={
                "fields": {
                    "request_id": passage.request_id,
                    "workspace": passage.workspace,
                    "key": passage.key,
                    "method": method,
                    "route": route,
                    "status": status,
                    "ms": round(seconds * 1000, 2),
                }
            },
        )


class _Answer:
    """Sends, and notes what was sent; every answer carries its request's id."""

    def __init__(self, send: Send, passage: _Passage) -> None:
        self._send = send
        self._passage = passage

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._passage.status = self._passage.scope["zhiyin.status"] = message["status"]
            headers = [
                *message.get("headers", ()),
                (b"x-request-id", self._passage.request_id.encode()),
            ]
            message = {**message, "headers": headers}
        await self._send(message)


class _Body:
    """Receives, within the limits of size and time."""

    def __init__(self, receive: Receive, headers: dict[str, str], settings: HttpSettings) -> None:
        self._receive = receive
        stream = headers.get("content-type", "").startswith(_STREAM)
        self._most = int((settings.max_stream_mb if stream else settings.max_body_mb) * _MIB)
        self._each = stream
        self._patience = settings.body_s
        self._until = time.monotonic() + settings.body_s
        self._read = 0
        self._whole = False
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._most:
            raise Refusal(
                413, "TooLarge", self._too_large().detail, headers={"Connection": "close"}
            )

    async def __call__(self) -> Message:
        if self._whole:  # the app waits for the client to leave: that takes as long as it takes
            return await self._receive()
        left = self._patience if self._each else max(0.0, self._until - time.monotonic())
        try:
            message = await asyncio.wait_for(self._receive(), left)
        except TimeoutError as error:
            told = f"the body did not arrive within {self._patience:g} s"
            raise HTTPException(408, told, {"Connection": "close"}) from error
        self._read += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._read > self._most:
            raise self._too_large()
        return message

    def _too_large(self) -> HTTPException:
        # A route that reads its body passes this kind on, and takes others for a broken body.
        told = f"a body may have {self._most / _MIB:g} MiB"
        return HTTPException(413, told, {"Connection": "close"})


@lru_cache(maxsize=4096)
def _stage(workspace: str, stage: str) -> Histogram:
    return metrics.STAGES.labels(workspace, stage)


@lru_cache(maxsize=4096)
def _counted(workspace: str, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return (
        metrics.REQUESTS.labels(workspace, method, route, status),
        metrics.LATENCY.labels(workspace, method, route),
    )


def route_of(scope: Scope) -> str:
    """The pattern of a request's route, "(none)" where it has none."""
    path: str = getattr(scope.get("route"), "path", _NOWHERE)
    return path.replace(":path}", "}")


def _request_id(scope: Scope) -> str:
    """The caller's own id where it has one of a decent shape, else a new one."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode() if _REQUEST_ID.fullmatch(given) else fresh_id()
