"""Export and erasure."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Query
from fastapi.responses import StreamingResponse

from zhiyin.app.http.access import Opened
from zhiyin.app.http.documented import UserId, answers, new_router
from zhiyin.core.messages import (
    ErasureCertificate,
    ErasureRequest,
    ExportedEvent,
    Removed,
    UserExport,
)
from zhiyin.pipeline.exporting import export_entities, export_events

router = new_router("data")

_LINES = "application/x-ndjson"
_EVENT = ExportedEvent(
    seq=4711, user_id="u-7", item_id="tent-1", type="view", timestamp=1_790_000_000_000
)
_EXPORT = UserExport(
    user_id="u-7",
    exported=1_790_000_000_000,
    attributes={"city": "Leipzig"},
    events=[_EVENT],
    profile_edits=[{"action": "pin", "subject": "category:outdoor", "created": 1_790_000_000_000}],
    ties=[],
    slates=[],
)
_CERTIFICATE = ErasureCertificate(
    certificate_id="8d1f0c3a5b7e49d2a6c4e8f0b1d3a5c7",
    kind="user",
    id="u-7",
    requested=1_790_000_000_000,
    completed=1_790_000_000_450,
    found=True,
    removed=[
        Removed(place="store: events", records=14),
        Removed(place="store: exposures", records=6),
        Removed(place="model v000003", records=15),
    ],
    remains=["weights that models learned from everybody together: until the next training"],
)
_ERASE: dict[str, Any] = {
    "user": {"summary": "A person", "value": {"kind": "user", "id": "u-7"}},
    "item": {"summary": "An item", "value": {"kind": "item", "id": "tent-1"}},
}


@router.get(
    "/v1/export/users/{user_id:path}",
    summary="All that is stored about one user",
    responses=answers(_EXPORT, 404, says="One document."),
)
def export_user(workspace: Opened, user_id: UserId) -> UserExport:
    """Attributes, events, edits, ties and every slate that was shown to a user."""
    return workspace.export_user(user_id)


@router.get(
    "/v1/export/events",
    summary="Every event, as lines",
    response_class=StreamingResponse,
    responses=answers(
        _EVENT.model_dump_json() + "\n",
        says="One event as JSON per line, in order of arrival.",
        media_type=_LINES,
    ),
)
def export_all_events(
    workspace: Opened,
    after: Annotated[
        int,
        Query(
            ge=0,
            le=2**53,
            description="Only events with a greater seq: to go on where an export ended.",
            examples=[0],
        ),
    ] = 0,
) -> StreamingResponse:
    """The whole log, or what came since, in bounded memory."""
    return StreamingResponse(export_events(workspace.stores, after=after), media_type=_LINES)


@router.get(
    "/v1/export/items",
    summary="Every item, as lines",
    response_class=StreamingResponse,
    responses=answers(
        '{"item_id":"tent-1","attributes":{"title":"Two-person tent"}}\n',
        says="One item as JSON per line.",
        media_type=_LINES,
    ),
)
def export_all_items(workspace: Opened) -> StreamingResponse:
    """The whole catalogue, in bounded memory."""
    return StreamingResponse(export_entities(workspace.stores, "item"), media_type=_LINES)


@router.get(
    "/v1/export/users",
    summary="Every user, as lines",
    response_class=StreamingResponse,
    responses=answers(
        '{"user_id":"u-7","attributes":{"city":"Leipzig"}}\n',
        says="One user as JSON per line.",
        media_type=_LINES,
    ),
)
def export_all_users(workspace: Opened) -> StreamingResponse:
    """Every user with their attributes, in bounded memory."""
    return StreamingResponse(export_entities(workspace.stores, "user"), media_type=_LINES)


@router.post(
    "/v1/erase",
    summary="Erase a user or an item",
    responses=answers(_CERTIFICATE, says="What was removed, where and when."),
)
def erase(
    workspace: Opened, request: Annotated[ErasureRequest, Body(openapi_examples=_ERASE)]
) -> ErasureCertificate:
    """Erases a user or an item from the store, the models and the next slate.

    Whoever was never seen is erased too, and the certificate says that nothing was found.
    Interrupted erasures are finished by erasing again.
    """
    return workspace.erase(request.kind, request.id)
