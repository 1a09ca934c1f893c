"""Items: the catalogue."""

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
    ItemId,
    Limit,
    answers,
    new_router,
    tagged,
    tags_in,
)
from zhiyin.core.messages import EntitiesAccepted, EntityDeleted, ItemPage, ItemRecord, LiveItem
from zhiyin.pipeline.records import Expected, Record

router = new_router("items")

MOST_ITEMS = 10_000
"""Items of one batch."""
_TENT: dict[str, Any] = {
    "title": "Two-person tent",
    "text": "Waterproof, 1.9 kg.",
    "categories": ["outdoor"],
    "price": 129.0,
}
_SHOWN = ItemRecord(item_id="tent-1", attributes=_TENT, etag="3f2a9c")
_EXAMPLES: dict[str, Any] = {
    "one": {"summary": "One item", "value": {"item_id": "tent-1", **_TENT}},
    "batch": {
        "summary": "A batch; any further fields are attributes too",
        "value": [
            {"item_id": "tent-1", **_TENT},
            {"item_id": "lamp-2", "title": "Camp light", "available": False, "colour": "red"},
        ],
    },
}
_PUT: dict[str, Any] = {"tent": {"summary": "All attributes", "value": _TENT}}
_PATCH: dict[str, Any] = {
    "price": {
        "summary": "A new price, and no brand any more",
        "value": {"price": 99.0, "brand": None},
    },
    "sold out": {"summary": "Out of stock", "value": {"available": False}},
    "hide": {"summary": "Not to be found or shown", "value": {"hidden": True}},
}


@router.post(
    "/v1/items",
    status_code=201,
    summary="Store one item or a batch",
    responses=answers(EntitiesAccepted(accepted=2), 413, status=201, says="Stored, and durable."),
)
def store_items(
    workspace: Opened,
    body: Annotated[
        LiveItem | Annotated[list[LiveItem], Field(max_length=MOST_ITEMS)],
        Body(openapi_examples=_EXAMPLES),
    ],
) -> EntitiesAccepted:
    """Adds or replaces one item or a batch, all or none; the next request knows of them.

    A new item with a title or a text is found and recommended at once. ``hidden`` takes an
    item out of search and slates, ``available: false`` out of slates.
    """
    batch = body if isinstance(body, list) else [body]
    stored = workspace.upsert_items([item.model_dump(exclude_none=True) for item in batch])
    return EntitiesAccepted(accepted=len(stored))


@router.get(
    "/v1/items",
    summary="List items",
    responses=answers(ItemPage(items=[_SHOWN], cursor="aTQ3MTE")),
)
def list_items(
    workspace: Opened, limit: Limit = 100, cursor: Cursor = None, containing: Containing = ""
) -> ItemPage:
    """Items page by page, in an order of their own.

    Cursors are stable: an item that is there all the time comes exactly once, whatever is
    stored or deleted meanwhile.
    """
    records, further = workspace.records("item").page(cursor, limit, containing=containing)
    return ItemPage(items=[_record(r) for r in records], cursor=further)


@router.get(
    "/v1/items/{item_id:path}",
    summary="Read an item",
    responses=answers(_SHOWN, 304, 404, says="The item; its ETag changes with it."),
    response_model=ItemRecord,
)
def read_item(workspace: Opened, item_id: ItemId, if_none_match: IfNoneMatch = None) -> Response:
    """What is known of an item; of one that only events speak of, nothing."""
    record = workspace.records("item").get(item_id)
    return tagged(_record(record), record.tag, known=tags_in(if_none_match))


@router.put(
    "/v1/items/{item_id:path}",
    summary="Store an item in place of what was there",
    responses={
        **answers(_SHOWN, 412, 413, says="Replaced."),
        201: {"description": "Stored for the first time."},
    },
    response_model=ItemRecord,
)
def put_item(
    workspace: Opened,
    item_id: ItemId,
    attributes: Annotated[dict[str, Any], Body(openapi_examples=_PUT)],
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Stores an item with these attributes, and no others.

    With ``If-Match`` only if it is as the caller last saw it; with ``If-None-Match: *`` only
    if it is new.
    """
    expected = Expected(tags_in(if_match), tags_in(if_none_match))
    record, new = workspace.records("item").put(item_id, attributes, expected=expected)
    return tagged(_record(record), record.tag, status=201 if new else 200)


@router.patch(
    "/v1/items/{item_id:path}",
    summary="Change some attributes of an item",
    responses=answers(_SHOWN, 404, 412, 413, says="Changed."),
    response_model=ItemRecord,
)
def patch_item(
    workspace: Opened,
    item_id: ItemId,
    changes: Annotated[dict[str, Any], Body(openapi_examples=_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Changes attributes and leaves the others; ``null`` takes one away (RFC 7396)."""
    expected = Expected(tags_in(if_match))
    record = workspace.records("item").patch(item_id, changes, expected=expected)
    return tagged(_record(record), record.tag)


@router.delete(
    "/v1/items/{item_id:path}",
    summary="Delete an item",
    responses=answers(EntityDeleted(id="tent-1", deleted=True), 412, says="It is gone."),
)
def delete_item(workspace: Opened, item_id: ItemId, if_match: IfMatch = None) -> EntityDeleted:
    """Takes an item out of the catalogue, of search and of the next slate.

    Events that name it stay, so that it is as before once it is stored again; to have nothing
    of it stay, erase it.
    """
    gone = workspace.records("item").delete(item_id, expected=Expected(tags_in(if_match)))
    return EntityDeleted(id=item_id, deleted=gone)


def _record(record: Record) -> ItemRecord:
    return ItemRecord(item_id=record.id, attributes=dict(record.attributes), etag=record.tag)
