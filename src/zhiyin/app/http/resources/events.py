"""Events: one, a batch, or a stream of lines."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from hashlib import blake2b
from typing import Annotated, Any

from fastapi import Body, Request
from pydantic import Field, ValidationError
from starlette.concurrency import run_in_threadpool

from zhiyin.app.http.access import Opened
from zhiyin.app.http.documented import IdempotencyKey, answers, new_router
from zhiyin.app.http.problems import readable
from zhiyin.core.errors import DataError
from zhiyin.core.json_text import json_text
from zhiyin.core.messages import EventsAccepted, LineFault, LiveEvent, StreamReport
from zhiyin.pipeline.workspace import Workspace

router = new_router("events")

MOST_EVENTS = 10_000
"""Events of one batch."""
EventsBody = LiveEvent | Annotated[list[LiveEvent], Field(max_length=MOST_EVENTS)]
"""What may be sent: one, or a batch."""
_AT_ONCE = 1_000
_LONGEST_LINE = 4 * 2**20
_MOST_FAULTS = 100
_EXAMPLES: dict[str, Any] = {
    "one": {
        "summary": "One event",
        "value": {"user_id": "u-7", "item_id": "tent-1", "type": "view"},
    },
    "batch": {
        "summary": "A batch, stored whole or not at all",
        "value": [
            {"user_id": "u-7", "item_id": "tent-1", "type": "purchase", "value": 129.0},
            {"user_id": "u-7", "type": "search", "query": "warm sleeping bag"},
        ],
    },
}
_LINES = '{"user_id":"u-7","item_id":"tent-1"}\n{"user_id":"u-8","item_id":"lamp-2"}\n'


@router.post(
    "/v1/events",
    status_code=201,
    summary="Store one event or a batch",
    responses=answers(
        EventsAccepted(accepted=2, duplicates=0), 413, status=201, says="Stored, and durable."
    ),
)
def record_events(
    workspace: Opened,
    body: Annotated[EventsBody, Body(openapi_examples=_EXAMPLES)],
    idempotency_key: IdempotencyKey = None,
) -> EventsAccepted:
    """Stores one event or a batch, all or none; the next slate of their users knows of them.

    An event with an ``event_id``, or sent again under the same ``Idempotency-Key``, is stored
    once. Users and items that nobody has heard of are made known.
    """
    batch = body if isinstance(body, list) else [body]
    rows = [event.model_dump() for event in batch]
    if idempotency_key is not None:
        name_events(rows, idempotency_key)
    stored = workspace.record(rows)
    return EventsAccepted(accepted=stored.accepted, duplicates=stored.duplicates)


@router.post(
    "/v1/events/stream",
    summary="Store a stream of events, line by line",
    responses=answers(
        StreamReport(
            lines=3,
            accepted=2,
            duplicates=0,
            rejected=1,
            faults=[LineFault(line=3, problem="user_id: Field required")],
        ),
        413,
        says="What became of each line.",
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "One event as JSON per line; empty lines are passed over.",
            "content": {"application/x-ndjson": {"schema": {"type": "string"}, "example": _LINES}},
        }
    },
)
async def stream_events(
    request: Request, workspace: Opened, idempotency_key: IdempotencyKey = None
) -> StreamReport:
    """Stores events as their lines arrive, a thousand at a time, in bounded memory.

    A line that is no event is reported with its number, and the others are stored. Lines are
    durable thousand by thousand: where a stream breaks off, send it again under the same
    ``Idempotency-Key`` (or with an ``event_id`` in each line), and nothing is stored twice.
    """
    taken = _Taken(workspace, idempotency_key)
    async for line in _lines(request):
        if taken.add(line):
            await run_in_threadpool(taken.store)
    await run_in_threadpool(taken.store)
    return taken.report()


def name_events(rows: list[dict[str, Any]], key: str, *, first: int = 0) -> None:
    """Gives events that have none an ``event_id`` of the key, their number and their content."""
    for number, row in enumerate(rows, start=first):
        if row.get("event_id") is None:
            told = json.dumps([key, number, row], sort_keys=True, default=str)
            digest = blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16)
            row["event_id"] = f"idempotent:{digest.hexdigest()}"


class _Taken:
    """Lines on their way into the store, and what became of them."""

    def __init__(self, workspace: Workspace, key: str | None) -> None:
        self._workspace = workspace
        self._key = key
        self._rows: list[dict[str, Any]] = []
        self._line = 0
        self._lines = self._accepted = self._duplicates = self._rejected = 0
        self._faults: list[LineFault] = []

    def add(self, line: bytes) -> bool:
        """Takes a line; says whether it is time to store."""
        self._line += 1
        if not line.strip():
            return False
        self._lines += 1
        try:
            event = LiveEvent.model_validate_json(line)
            row = event.model_dump()
            json_text(row)
        except ValueError as error:
            self._refuse(error)
            return False
        if self._key is not None:
            name_events([row], self._key, first=self._line)
        self._rows.append(row)
        return len(self._rows) >= _AT_ONCE

    def _refuse(self, error: ValueError) -> None:
        self._rejected += 1
        if len(self._faults) < _MOST_FAULTS:
            self._faults.append(LineFault(line=self._line, problem=readable(_first(error), 300)))

    def store(self) -> None:
        """Stores what is waiting."""
        if not self._rows:
            return
        rows, self._rows = self._rows, []
        stored = self._workspace.record(rows)
        self._accepted += stored.accepted
        self._duplicates += stored.duplicates

    def report(self) -> StreamReport:
        """What became of all lines."""
        return StreamReport(
            lines=self._lines,
            accepted=self._accepted,
            duplicates=self._duplicates,
            rejected=self._rejected,
            faults=self._faults,
        )


def _first(error: ValueError) -> str:
    """What is wrong first, with its place."""
    if not isinstance(error, ValidationError):
        return str(error)
    fault = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"])
    return f"{where}: {fault['msg']}" if where else fault["msg"]


async def _lines(request: Request) -> AsyncIterator[bytes]:
    """The lines of a body as they arrive."""
    rest = b""
    async for chunk in request.stream():
        rest += chunk
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield line
        if len(rest) > _LONGEST_LINE:
            raise DataError(
                f"a line is longer than {_LONGEST_LINE} bytes",
                hint="end each event with a line feed; what came before it is stored",
            )
    if rest:
        yield rest
