"""What goes in: events, items, users.

Written by scripts/async_client.py from zhiyin/client/blocking: change that, and run the script.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from zhiyin.client.awaiting.base import Connected
from zhiyin.client.calls import (
    LINES,
    Call,
    Rows,
    at,
    body_of,
    changing,
    fresh_key,
    line_of,
    removing,
    rows_of,
    storing,
)
from zhiyin.core.messages import (
    EntitiesAccepted,
    EntityDeleted,
    EventsAccepted,
    ItemPage,
    ItemRecord,
    StreamReport,
    UserPage,
    UserRecord,
)

One = BaseModel | Mapping[str, Any]
"""A message, or a mapping with its fields."""


class Catalogue(Connected):
    """What goes in: events, items, users."""

    async def record_events(
        self, events: One | Rows, *, idempotency_key: str | None = None
    ) -> EventsAccepted:
        """Stores one event or a batch, all or none; safe to repeat.

        Args:
            events: Events (`zhiyin.core.messages.LiveEvent`), or mappings with their fields.
            idempotency_key: Under which they are stored once; None for a new one.
        """
        return await self._events("/v1/events", rows_of(events), idempotency_key)

    async def stream_events(
        self, events: Iterable[One], *, idempotency_key: str | None = None
    ) -> StreamReport:
        """Stores events as an iterator yields them; lines that are no events are reported.

        Args:
            events: Any number of events.
            idempotency_key: Under which a repeated stream is stored once; None for no such key.
        """
        headers = {"Content-Type": LINES, "Idempotency-Key": idempotency_key}
        body = (line_of(event) for event in events)
        return await self._transport.send(
            Call("POST", "/v1/events/stream", StreamReport, body=body, headers=headers)
        )

    async def give_feedback(
        self, feedback: One | Rows, *, idempotency_key: str | None = None
    ) -> EventsAccepted:
        """Says what somebody did with a slate; safe to repeat.

        Args:
            feedback: `zhiyin.core.messages.Feedback`, one or several, or mappings.
            idempotency_key: Under which it is stored once; None for a new one.
        """
        return await self._events("/v1/feedback", rows_of(feedback), idempotency_key)

    async def store_items(self, items: One | Rows) -> EntitiesAccepted:
        """Adds or replaces items, all or none.

        Args:
            items: `zhiyin.core.messages.LiveItem`, one or several, or mappings.
        """
        body = body_of(rows_of(items))
        return await self._transport.send(
            Call("POST", "/v1/items", EntitiesAccepted, body=body, repeatable=True)
        )

    async def list_items(
        self, *, limit: int = 100, cursor: str | None = None, containing: str = ""
    ) -> ItemPage:
        """A page of items; ask for the next one with its cursor.

        Args:
            limit: How many, at most.
            cursor: That of the page before; None for the first page.
            containing: Only items with this text in their id or attributes; "" for all.
        """
        params = {"limit": limit, "cursor": cursor, "containing": containing or None}
        return await self._transport.send(
            Call("GET", "/v1/items", ItemPage, params=params, repeatable=True)
        )

    async def read_item(self, item_id: str) -> ItemRecord:
        """An item as it is stored, with its ETag."""
        return await self._transport.send(
            Call("GET", at("/v1/items", item_id), ItemRecord, repeatable=True)
        )

    async def put_item(
        self,
        item_id: str,
        attributes: Mapping[str, Any],
        *,
        if_match: str | None = None,
        only_new: bool = False,
    ) -> ItemRecord:
        """Stores an item in place of what was there.

        Args:
            item_id: Which.
            attributes: All of its attributes.
            if_match: The ETag that it must still have.
            only_new: Whether it must not be there yet.
        """
        return await self._transport.send(
            storing(
                at("/v1/items", item_id),
                ItemRecord,
                attributes,
                if_match=if_match,
                only_new=only_new,
            )
        )

    async def patch_item(
        self, item_id: str, changes: Mapping[str, Any], *, if_match: str | None = None
    ) -> ItemRecord:
        """Changes some attributes of an item; None takes one away."""
        return await self._transport.send(
            changing(at("/v1/items", item_id), ItemRecord, changes, if_match=if_match)
        )

    async def delete_item(self, item_id: str, *, if_match: str | None = None) -> EntityDeleted:
        """Takes an item out of the catalogue and of the next slate."""
        return await self._transport.send(
            removing(at("/v1/items", item_id), EntityDeleted, if_match=if_match)
        )

    async def store_users(self, users: One | Rows) -> EntitiesAccepted:
        """Adds or replaces users, all or none.

        Args:
            users: `zhiyin.core.messages.LiveUser`, one or several, or mappings.
        """
        body = body_of(rows_of(users))
        return await self._transport.send(
            Call("POST", "/v1/users", EntitiesAccepted, body=body, repeatable=True)
        )

    async def list_users(
        self, *, limit: int = 100, cursor: str | None = None, containing: str = ""
    ) -> UserPage:
        """A page of users; ask for the next one with its cursor.

        Args:
            limit: How many, at most.
            cursor: That of the page before; None for the first page.
            containing: Only users with this text in their id or attributes; "" for all.
        """
        params = {"limit": limit, "cursor": cursor, "containing": containing or None}
        return await self._transport.send(
            Call("GET", "/v1/users", UserPage, params=params, repeatable=True)
        )

    async def read_user(self, user_id: str) -> UserRecord:
        """A user as they are stored, with their ETag."""
        return await self._transport.send(
            Call("GET", at("/v1/users", user_id), UserRecord, repeatable=True)
        )

    async def put_user(
        self,
        user_id: str,
        attributes: Mapping[str, Any],
        *,
        if_match: str | None = None,
        only_new: bool = False,
    ) -> UserRecord:
        """Stores a user in place of what was there.

        Args:
            user_id: Which.
            attributes: All of their attributes.
            if_match: The ETag that they must still have.
            only_new: Whether they must not be there yet.
        """
        return await self._transport.send(
            storing(
                at("/v1/users", user_id),
                UserRecord,
                attributes,
                if_match=if_match,
                only_new=only_new,
            )
        )

    async def patch_user(
        self, user_id: str, changes: Mapping[str, Any], *, if_match: str | None = None
    ) -> UserRecord:
        """Changes some attributes of a user; None takes one away."""
        return await self._transport.send(
            changing(at("/v1/users", user_id), UserRecord, changes, if_match=if_match)
        )

    async def delete_user(self, user_id: str, *, if_match: str | None = None) -> EntityDeleted:
        """Deletes what is known of a user; their events stay (see ``erase``)."""
        return await self._transport.send(
            removing(at("/v1/users", user_id), EntityDeleted, if_match=if_match)
        )

    async def _events(self, path: str, rows: list[Any], key: str | None) -> EventsAccepted:
        headers = {"Idempotency-Key": key or fresh_key()}
        body = body_of(rows)
        return await self._transport.send(
            Call("POST", path, EventsAccepted, body=body, headers=headers, repeatable=True)
        )
