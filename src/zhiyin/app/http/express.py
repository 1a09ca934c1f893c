"""The short way for slates, which most requests are.

Between a request and its route the framework spends more time than some slates take to make:
it matches addresses one by one, and looks at each parameter by itself. What asks for a slate
in the plain form goes from the gate to the route's own function. Everything else, and
whatever is not valid, takes the general way, which tells what is wrong; both give the same
answers (`tests/app/test_express.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from urllib.parse import parse_qsl

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zhiyin.app.http.problems import problem_of, problem_response, refused_by_framework
from zhiyin.app.http.resources.recommend import recommend, recommend_by_address
from zhiyin.core.errors import ZhiyinError
from zhiyin.core.messages import RecommendQuery
from zhiyin.pipeline.workspace import Workspace

PATH = "/v1/recommend"
_ROUTE = SimpleNamespace(path=PATH)
_NUMBERS = ("n", "seed")
_PLAIN = frozenset({"user_id", "surface", *_NUMBERS})
"""Parameters of an address that go the short way."""
_MOST_DIGITS = 15
_MOST_PARAMETERS = 8
_LARGEST = 65_536
"""Bytes of a body that goes the short way."""

Make = Callable[[Workspace], Response]


class Express:
    """Answers requests for slates, and passes the others on.

    Args:
        app: The general way.
        side_by_side: How many slates are made at once; others wait.
    """

    def __init__(self, app: ASGIApp, *, side_by_side: int) -> None:
        self._app = app
        self._limiter = CapacityLimiter(side_by_side)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or passes on with the body as it came."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        try:
            make, receive = await _read(scope, receive)
            if make is None:
                await self._app(scope, receive, send)
                return
            scope["route"] = _ROUTE
            answer = await run_sync(make, scope["zhiyin.workspace"], limiter=self._limiter)
        except ZhiyinError as error:
            answer = problem_response(problem_of(error))
        except HTTPException as error:
            answer = refused_by_framework(error)
        await answer(scope, receive, send)


async def _read(scope: Scope, receive: Receive) -> tuple[Make | None, Receive]:
    """What makes the answer, None where the general way has to; and how the body is read."""
    if scope["method"] == "GET":
        return _of_address(scope["query_string"]), receive
    if scope["method"] != "POST" or scope["query_string"] or not _small(scope):
        return None, receive
    parts: list[Message] = []
    while not parts or parts[-1].get("more_body"):
        parts.append(await receive())
        if parts[-1]["type"] != "http.request":
            break
    make = _of_body(b"".join(part.get("body", b"") for part in parts))
    return make, receive if make else _again(parts, receive)


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


def _of_body(body: bytes) -> Make | None:
    try:
        asked = RecommendQuery.model_validate(json.loads(body))
    except (ValueError, RecursionError):
        return None
    return partial(recommend, query=asked)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise ValueError(text)
    return int(text)


def _small(scope: Scope) -> bool:
    """Whether a JSON body is announced that need not be read in parts."""
    told: dict[bytes, bytes] = dict(scope["headers"])
    length = told.get(b"content-length", b"")
    kind = told.get(b"content-type", b"").partition(b";")[0].strip().lower()
    return kind == b"application/json" and length.isdigit() and int(length) <= _LARGEST


def _again(parts: list[Message], receive: Receive) -> Receive:
    """Gives what was read once more, and then what comes."""
    left = iter(parts)

    async def replayed() -> Message:
        part = next(left, None)
        return part if part is not None else await receive()

    return replayed
