"""The short way for slates and events, which most requests are.

Between a request and its route the framework spends more time than some slates take to make:
it matches addresses one by one, and looks at each parameter by itself. What asks for a slate
or brings events in the plain form goes from the gate to the route's own function. Everything
else, and whatever is not valid, takes the general way, which tells what is wrong; both give
the same answers (`tests/app/test_express.py`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from anyio.to_thread import run_sync
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zhiyin.app.http.problems import problem_of, problem_response, refused_by_framework
from zhiyin.app.http.resources.events import EventsBody, record_events
from zhiyin.app.http.resources.recommend import recommend, recommend_by_address
from zhiyin.core.errors import ZhiyinError
from zhiyin.core.messages import LiveEvent, RecommendQuery
from zhiyin.pipeline.workspace import Workspace

_NUMBERS = ("n", "seed")
_PLAIN = frozenset({"user_id", "surface", *_NUMBERS})
"""Parameters of an address that go the short way."""
_MOST_DIGITS = 15
_MOST_PARAMETERS = 8
_LARGEST = 65_536
"""Bytes of a body that goes the short way."""
_EVENTS: TypeAdapter[LiveEvent | list[LiveEvent]] = TypeAdapter(EventsBody)

Make = Callable[[Workspace], Response]


class Express:
    """Answers plain requests, and passes the others on.

    Args:
        app: The general way.
        side_by_side: How many slates are made at once; others wait.
    """

    def __init__(self, app: ASGIApp, *, side_by_side: int) -> None:
        self._app = app
        self._slates = ThreadPoolExecutor(side_by_side, thread_name_prefix="slates")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or passes on with the body as it came."""
        short = WAYS.get(scope["path"]) if scope["type"] == "http" else None
        if short is None:
            await self._app(scope, receive, send)
            return
        try:
            make, receive = await _read(short, scope, receive)
            if make is None:
                await self._app(scope, receive, send)
                return
            scope["route"] = short.route
            answer = await self._made(make, scope["zhiyin.workspace"], slate=short.limited)
        except ZhiyinError as error:
            answer = problem_response(problem_of(error))
        except HTTPException as error:
            answer = refused_by_framework(error)
        await answer(scope, receive, send)

    async def _made(self, make: Make, workspace: Workspace, *, slate: bool) -> Response:
        if not slate:
            return await run_sync(make, workspace)
        # Threads of its own: less is done around each call, and they are as many as may work.
        context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(
            self._slates, lambda: context.run(make, workspace)
        )


class Short(NamedTuple):
    """An address that has a short way.

    Attributes:
        route: What metrics call it.
        address: What answers a GET, from the query of its address; None where it has to take
            the general way.
        body: What answers a POST, from what JSON said.
        limited: Whether it makes a slate.
    """

    route: SimpleNamespace
    address: Callable[[bytes], Make | None]
    body: Callable[[Any], Make]
    limited: bool


async def _read(short: Short, scope: Scope, receive: Receive) -> tuple[Make | None, Receive]:
    """What makes the answer, None where the general way has to; and how the body is read."""
    if scope["method"] == "GET":
        return short.address(scope["query_string"]), receive
    if scope["method"] != "POST" or scope["query_string"] or not _small(scope):
        return None, receive
    parts: list[Message] = []
    while not parts or parts[-1].get("more_body"):
        parts.append(await receive())
        if parts[-1]["type"] != "http.request":
            break
    try:
        make = short.body(json.loads(b"".join(part.get("body", b"") for part in parts)))
    except (ValueError, RecursionError):
        return None, _again(parts, receive)
    return make, receive


def _of_address(text: bytes) -> Make | None:
    try:
        pairs = parse_qsl(
            text.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(text),
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
        given: dict[str, str | int] = dict(pairs)
        if len(given) < len(pairs) or not _PLAIN.issuperset(given):
            return None
        for name in _NUMBERS:
            if name in given:
                given[name] = _number(str(given[name]))
        asked = RecommendQuery.model_validate(given)
    except ValueError:  # of text, numbers, or the whole
        return None
    plain = {name: getattr(asked, name) for name in given}
    return partial(recommend_by_address, **plain)


def _query(told: Any) -> Make:  # noqa: ANN401 - what JSON said
    return partial(recommend, query=RecommendQuery.model_validate(told))


def _nothing(_text: bytes) -> Make | None:
    return None


def _events(told: Any) -> Make:  # noqa: ANN401 - what JSON said
    body = _EVENTS.validate_python(told)

    def store(workspace: Workspace) -> Response:
        stored = record_events(workspace, body)
        return Response(stored.model_dump_json(), status_code=201, media_type="application/json")

    return store


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise ValueError(text)
    return int(text)


def _small(scope: Scope) -> bool:
    """Whether a JSON body is announced that is plain, and need not be read in parts."""
    told: dict[bytes, bytes] = dict(scope["headers"])
    length = told.get(b"content-length", b"")
    kind = told.get(b"content-type", b"").partition(b";")[0].strip().lower()
    small = length.isdigit() and int(length) <= _LARGEST
    return small and kind == b"application/json" and b"idempotency-key" not in told


def _again(parts: list[Message], receive: Receive) -> Receive:
    """Gives what was read once more, and then what comes."""
    left = iter(parts)

    async def replayed() -> Message:
        part = next(left, None)
        return part if part is not None else await receive()

    return replayed


WAYS = {
    "/v1/recommend": Short(SimpleNamespace(path="/v1/recommend"), _of_address, _query, True),
    "/v1/events": Short(SimpleNamespace(path="/v1/events"), _nothing, _events, False),
}
