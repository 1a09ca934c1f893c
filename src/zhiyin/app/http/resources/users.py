"""Users: what is known of people, besides what they do."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Response
from pydantic import Field

from zhiyin.app.http.access import Opened
from zhiyin.app.http.documented import (
    Containing,
    Cursor,
    IfMatch,
    IfNoneMatch,
    Limit,
    UserId,
    answers,
    new_router,
    tagged,
    tags_in,
)
from zhiyin.core.messages import EntitiesAccepted, EntityDeleted, LiveUser, UserPage, UserRecord
from zhiyin.pipeline.records import Expected, Record

router = new_router("users")

MOST_USERS = 10_000
"""Users of one batch."""
_KNOWN: dict[str, Any] = {"city": "Leipzig", "age": 34, "likes": "hiking and tea"}
_SHOWN = UserRecord(user_id="u-7", attributes=_KNOWN, etag="3f2a9c")
_EXAMPLES: dict[str, Any] = {
    "one": {"summary": "One user", "value": {"user_id": "u-7", **_KNOWN}},
    "batch": {
        "summary": "A batch",
        "value": [{"user_id": "u-7", **_KNOWN}, {"user_id": "u-8", "city": "Lyon"}],
    },
}
_PUT: dict[str, Any] = {"person": {"summary": "All attributes", "value": _KNOWN}}
_PATCH: dict[str, Any] = {
    "moved": {"summary": "A new city, and no age any more", "value": {"city": "Kiel", "age": None}},
}


@router.post(
    "/v1/users",
    status_code=201,
    summary="Store one user or a batch",
    responses=answers(EntitiesAccepted(accepted=2), 413, status=201, says="Stored, and durable."),
)
def store_users(
    workspace: Opened,
    body: Annotated[
        LiveUser | Annotated[list[LiveUser], Field(max_length=MOST_USERS)],
        Body(openapi_examples=_EXAMPLES),
    ],
) -> EntitiesAccepted:
    """Adds or replaces one user or a batch, all or none; the next request knows of them.

    Any field is an attribute. What somebody says of themselves (a city, what they like) speaks
    for them until they have done something.
    """
    batch = body if isinstance(body, list) else [body]
    stored = workspace.upsert_users([user.model_dump(exclude_none=True) for user in batch])
    return EntitiesAccepted(accepted=len(stored))


@router.get(
    "/v1/users",
    summary="List users",
    responses=answers(UserPage(users=[_SHOWN], cursor="aTQ3MTE")),
)
def list_users(
    workspace: Opened, limit: Limit = 100, cursor: Cursor = None, containing: Containing = ""
) -> UserPage:
    """Users page by page, in an order of their own.

    Cursors are stable: a user who is there all the time comes exactly once, whoever is
    stored or deleted meanwhile.
    """
    records, further = workspace.records("user").page(cursor, limit, containing=containing)
    return UserPage(users=[_record(r) for r in records], cursor=further)


@router.get(
    "/v1/users/{user_id:path}",
    summary="Read a user",
    responses=answers(_SHOWN, 304, 404, says="The user; the ETag changes with them."),
    response_model=UserRecord,
)
def read_user(workspace: Opened, user_id: UserId, if_none_match: IfNoneMatch = None) -> Response:
    """What is known of a user; of one whom only events speak of, nothing."""
    record = workspace.records("user").get(user_id)
    return tagged(_record(record), record.tag, known=tags_in(if_none_match))


@router.put(
    "/v1/users/{user_id:path}",
    summary="Store a user in place of what was there",
    responses={
        **answers(_SHOWN, 412, 413, says="Replaced."),
        201: {"description": "Stored for the first time."},
    },
    response_model=UserRecord,
)
def put_user(
    workspace: Opened,
    user_id: UserId,
    attributes: Annotated[dict[str, Any], Body(openapi_examples=_PUT)],
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Stores a user with these attributes, and no others.

    With ``If-Match`` only if they are as the caller last saw them; with ``If-None-Match: *``
    only if they are new.
    """
    expected = Expected(tags_in(if_match), tags_in(if_none_match))
    record, new = workspace.records("user").put(user_id, attributes, expected=expected)
    return tagged(_record(record), record.tag, status=201 if new else 200)


@router.patch(
    "/v1/users/{user_id:path}",
    summary="Change some attributes of a user",
    responses=answers(_SHOWN, 404, 412, 413, says="Changed."),
    response_model=UserRecord,
)
def patch_user(
    workspace: Opened,
    user_id: UserId,
    changes: Annotated[dict[str, Any], Body(openapi_examples=_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Changes attributes and leaves the others; ``null`` takes one away (RFC 7396)."""
    expected = Expected(tags_in(if_match))
    record = workspace.records("user").patch(user_id, changes, expected=expected)
    return tagged(_record(record), record.tag)


@router.delete(
    "/v1/users/{user_id:path}",
    summary="Delete a user",
    responses=answers(EntityDeleted(id="u-7", deleted=True), 412, says="They are gone."),
)
def delete_user(workspace: Opened, user_id: UserId, if_match: IfMatch = None) -> EntityDeleted:
    """Deletes what is known of a user. Their events stay, and the next training passes over them.

    To have nothing of them stay, here and in the models, erase them.
    """
    gone = workspace.records("user").delete(user_id, expected=Expected(tags_in(if_match)))
    return EntityDeleted(id=user_id, deleted=gone)


def _record(record: Record) -> UserRecord:
    return UserRecord(user_id=record.id, attributes=dict(record.attributes), etag=record.tag)
