"""Every error as problem details (RFC 9457), with what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from zhiyin.core.errors import (
    ArtifactError,
    ConfigError,
    ConflictError,
    DataError,
    ExpressionError,
    NotEnoughDataError,
    PreconditionError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    TrainingError,
    UnknownEntityError,
    UnknownModelError,
    ZhiyinError,
)
from zhiyin.core.messages import Fault, Problem

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER = "1"
_MOST_FAULTS = 100
_LONGEST = 2000
_STATUS: list[tuple[type[ZhiyinError], int]] = [
    (UnknownEntityError, 404),
    (UnknownModelError, 422),
    (ConflictError, 409),
    (PreconditionError, 412),
    (NotEnoughDataError, 409),
    (DataError, 422),
    (ExpressionError, 422),
    (ConfigError, 422),
    (TrainingError, 500),
    (ArtifactError, 503),
    (StoreFullError, 507),
    (StoreBusyError, 503),
    (StoreError, 503),
]
_HINTS = {
    400: "send a request as the documentation at /docs has it",
    404: "see /docs for the addresses that exist",
    405: "see /docs for the methods that this address has",
    401: "send a key, as `Authorization: Bearer KEY`; `zhiyin keys create` makes one",
    403: "use a key that has the scope; `zhiyin keys create` makes one",
    408: "send the whole body at once, or in a stream of lines",
    413: "send smaller batches, or a stream of lines to /v1/events/stream",
    429: "wait as long as Retry-After says",
    503: "try again in a moment",
    422: "correct the fields named in faults and send it again",
}


class Refusal(Exception):
    """A request that is turned away before any route sees it.

    Args:
        status: The HTTP status.
        title: The kind of refusal.
        detail: What is wrong.
        hint: What to do next.
        headers: Further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        hint: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.hint = hint or _HINTS.get(status, "")
        self.headers = dict(headers or {})


def refused(refusal: Refusal) -> Response:
    """A refusal as an answer."""
    found = problem_with(refusal.status, refusal.title, refusal.detail, hint=refusal.hint)
    return problem_response(found, headers=refusal.headers)


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    hint: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Problem details as an answer."""
    return problem_response(problem_with(status, title, detail, hint=hint), headers=headers)


def problem_with(status: int, title: str, detail: str, *, hint: str = "") -> Problem:
    """Problem details."""
    return Problem(
        title=title, status=status, detail=readable(detail), hint=hint or _HINTS.get(status, "")
    )


def install_problems(app: FastAPI) -> None:
    """Makes problem details of everything that goes wrong in an application."""
    app.add_exception_handler(ZhiyinError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _unforeseen)


def status_of(error: ZhiyinError) -> int:
    """The HTTP status of one of our errors."""
    return next((code for kind, code in _STATUS if isinstance(error, kind)), 400)


def problem_response(problem: Problem, *, headers: Mapping[str, str] | None = None) -> Response:
    """A problem as an answer."""
    more = {"Retry-After": _RETRY_AFTER} if problem.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    body = problem.model_dump_json(exclude_none=True).encode("utf-8", "replace")
    return Response(
        body,
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={**more, **(headers or {})},
    )


def problem_of(error: ZhiyinError) -> Problem:
    """One of our errors as a problem."""
    return Problem(
        title=type(error).__name__,
        status=status_of(error),
        detail=readable(str(error)),
        hint=readable(error.hint),
        position=error.position if isinstance(error, ExpressionError) else None,
    )


def readable(text: str, longest: int = _LONGEST) -> str:
    """A text that UTF-8 can carry, of bounded length."""
    return text[:longest].encode("utf-8", "replace").decode("utf-8")


async def _ours(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ZhiyinError)
    return problem_response(problem_of(error))


async def _invalid(_request: Request, error: Exception) -> Response:
    """A request of the wrong shape: each fault with its place."""
    found: Sequence[Any] = error.errors() if isinstance(error, RequestValidationError) else ()
    faults = [
        Fault(
            place=readable(".".join(str(part) for part in fault["loc"])),
            problem=readable(str(fault["msg"])),
        )
        for fault in found[:_MOST_FAULTS]
    ]
    detail = "; ".join(f"{fault.place}: {fault.problem}" for fault in faults)
    return problem_response(
        Problem(
            title="InvalidRequest",
            status=422,
            detail=readable(detail),
            hint=_HINTS[422],
            faults=faults,
        )
    )


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refused_by_framework(error)


def refused_by_framework(error: HTTPException) -> Response:
    """What the framework itself refuses: unknown addresses, wrong methods, broken bodies."""
    return problem_response(
        Problem(
            title=HTTPStatus(error.status_code).phrase.title().replace(" ", ""),
            status=error.status_code,
            detail=readable(str(error.detail)),
            hint=_HINTS.get(error.status_code, ""),
        ),
        headers=error.headers,
    )


async def _unforeseen(_request: Request, _error: Exception) -> Response:
    """A fault of ours: told without its inner parts, which the log has."""
    return problem_response(
        Problem(
            title="InternalError",
            status=500,
            detail="the service failed in a way that was not foreseen",
            hint="try again; if it stays, report it with the request id and the server's log",
        )
    )
