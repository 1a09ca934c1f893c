"""How routes are described: every answer and every problem with an example."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.convertors import PathConvertor, register_url_convertor

from zhiyin.app.http.problems import MEDIA_TYPE
from zhiyin.core.messages import LONGEST_ID, Problem

TAGS: list[dict[str, str]] = [
    {"name": "events", "description": "What people do. Durable before it is acknowledged."},
    {"name": "items", "description": "The catalogue: a change acts on the next slate."},
    {"name": "users", "description": "What is known of people, besides what they do."},
    {"name": "recommend", "description": "Slates, rankings of your own candidates, feedback."},
    {"name": "similar", "description": "Neighbours of items and of people."},
    {"name": "search", "description": "The catalogue by meaning and by words."},
    {"name": "explain", "description": "Why an item is shown, and what that rests on."},
    {"name": "chat", "description": "Conversation: wishes, corrections and questions."},
    {"name": "copy", "description": "Texts about items, every claim of which is recorded."},
    {"name": "profile", "description": "Interests, with the facts they rest on."},
    {"name": "data", "description": "Export and erasure."},
    {"name": "models", "description": "Versions of the model, and trainings."},
    {"name": "settings", "description": "What surfaces do: read and changed."},
    {"name": "health", "description": "Whether the service can answer, and what it counts."},
]
"""What the parts of the interface are about."""

_EXAMPLES: dict[int, dict[str, Any]] = {
    304: {},
    404: {
        "title": "UnknownEntityError",
        "detail": "no item has the id 'tent-9' (check the id, or store the item first)",
        "hint": "check the id, or store the item first",
    },
    409: {
        "title": "ConflictError",
        "detail": "the training t000007 is running in shop (wait for it to finish, or cancel it)",
        "hint": "wait for it to finish, or cancel it",
    },
    412: {
        "title": "PreconditionError",
        "detail": "the item 'tent-1' is not as it was (read it again, and send the change with "
        "its new ETag)",
        "hint": "read it again, and send the change with its new ETag",
    },
    413: {
        "title": "TooLarge",
        "detail": "a body may have 8 MiB",
        "hint": "send smaller batches, or a stream of lines to /v1/events/stream",
    },
    422: {
        "title": "InvalidRequest",
        "detail": "body.user_id: Field required",
        "hint": "correct the fields named in faults and send it again",
        "faults": [{"place": "body.user_id", "problem": "Field required"}],
    },
    503: {
        "title": "ArtifactError",
        "detail": "shop has no trained model (run `zhiyin train`)",
        "hint": "run `zhiyin train`",
    },
}
_MEANINGS = {
    304: "It is as the caller has it.",
    400: "The request cannot be read.",
    401: "A key is needed, or it is not known here.",
    403: "The key may not do this.",
    404: "There is no such thing.",
    409: "It does not fit what is there, or what is under way.",
    412: "It is not as the caller last saw it; nothing was done.",
    413: "The body is too large.",
    422: "A value cannot be used; nothing was done.",
    429: "Too many requests with this key.",
    503: "No model, or the store is not to be reached: try again.",
}
_ALWAYS = {
    400: ("BadRequest", "the body cannot be read", "send a request as the documentation has it"),
    401: ("Unauthorized", "this needs a key", "send a key, as `Authorization: Bearer KEY`"),
    403: (
        "Forbidden",
        "this needs a key with the scope 'write'; this one has read",
        "use a key that has the scope; `zhiyin keys create` makes one",
    ),
    429: (
        "TooManyRequests",
        "this key may ask 100 times a second",
        "wait as long as Retry-After says",
    ),
}


class WholePath(PathConvertor):
    """An id as the rest of an address, line feeds and all.

    The framework's own ends before a line feed at the end: that would be another id.
    """

    regex = "(?s:.*)"


register_url_convertor("path", WholePath())


def new_router(tag: str) -> APIRouter:
    """A router whose operations are named after their functions."""
    return APIRouter(tags=[tag], generate_unique_id_function=_named)


def answers(
    example: Any,  # noqa: ANN401 - whatever JSON carries
    *problems: int,
    status: int = 200,
    says: str = "",
    media_type: str = "application/json",
) -> dict[int | str, dict[str, Any]]:
    """The answers of a route, for its documentation.

    Args:
        example: What a good answer holds.
        problems: HTTP statuses that it may answer with besides those that every route has.
        status: The status of a good answer.
        says: What a good answer means.
        media_type: What a good answer is made of.
    """
    good: dict[str, Any] = {"description": says or HTTPStatus(status).phrase}
    if example is not None:
        shown = example.model_dump(mode="json") if isinstance(example, BaseModel) else example
        good["content"] = {media_type: {"example": shown}}
    found: dict[int | str, dict[str, Any]] = {status: good}
    for code in sorted({*problems, *_ALWAYS, 422, 503}):
        found[code] = _problem(code)
    return found


def _problem(code: int) -> dict[str, Any]:
    if code == HTTPStatus.NOT_MODIFIED:
        return {"description": _MEANINGS[code]}
    given = _EXAMPLES.get(code)
    if given is None:
        title, detail, hint = _ALWAYS[code]
        given = {"title": title, "detail": detail, "hint": hint}
    shown = Problem.model_validate({"status": code, **given})
    example = shown.model_dump(mode="json", exclude_none=True)
    return {
        "description": _MEANINGS[code],
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": example,
            }
        },
    }


def _named(route: APIRoute) -> str:
    return route.name


def _id(what: str, example: str) -> Any:  # noqa: ANN401 - a parameter of FastAPI
    return Path(
        min_length=1,
        max_length=LONGEST_ID,
        pattern=r"^[^\x00]+$",
        description=f"Id of the {what}; a slash in it may be sent as it is or as %2F.",
        examples=[example],
    )


ItemId = Annotated[str, _id("item", "tent-1")]
"""An item, in a path."""
UserId = Annotated[str, _id("user", "u-7")]
"""A user, in a path."""
SomeUser = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=LONGEST_ID,
        pattern=r"^[^\x00]+$",
        description="For whom; absent for an anonymous session.",
        examples=["u-7"],
    ),
]
"""A user, in a query."""
Length = Annotated[int, Query(ge=1, le=1000, description="How many, at most.", examples=[10])]
"""Length of a list."""
Limit = Annotated[
    int, Query(ge=1, le=1000, description="How many a page has, at most.", examples=[100])
]
"""Length of a page."""
Cursor = Annotated[
    str | None,
    Query(
        max_length=100,
        description="The cursor of the page before; absent for the first page.",
        examples=["aTQ3MTE"],
    ),
]
"""Where a page begins."""
Containing = Annotated[
    str,
    Query(
        max_length=200,
        pattern=r"^[^\x00]*$",
        description="Only those with this text in their id or attributes, in capitals or not.",
        examples=["tent"],
    ),
]
"""What a list is searched for."""
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Any text of your own, one per request: the same events sent again with it "
        "are stored once.",
        examples=["order-4711"],
    ),
]
"""Makes a request safe to repeat."""
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=1000,
        description="ETag as last seen: the change is made only if nobody else changed it.",
        examples=['"3f2a9c"'],
    ),
]
"""What the caller last saw."""
IfNoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        max_length=1000,
        description="For reading: an ETag that the caller has; answered with 304 if it is still "
        "so. For writing: `*` stores only what is not there yet.",
        examples=['"3f2a9c"'],
    ),
]
"""What the caller has."""


def tags_in(header: str | None) -> list[str]:
    """The tags of If-Match or If-None-Match."""
    if not header:
        return []
    return [part.strip().removeprefix("W/").strip('"') for part in header.split(",")]


def tagged(
    shown: BaseModel, tag: str, *, status: int = 200, known: list[str] | None = None
) -> Response:
    """A record with its tag, or that the caller has it already (304)."""
    headers = {"ETag": f'"{tag}"'}
    if known and {tag, "*"} & set(known):
        return Response(status_code=304, headers=headers)
    body = shown.model_dump_json()
    return Response(body, status_code=status, media_type="application/json", headers=headers)
