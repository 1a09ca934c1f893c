"""Users and items on their way in and out."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from zhiyin.core.described import Described
from zhiyin.core.messages.ids import EntityId, Finite
from zhiyin.core.slate import Frozen


class LiveItem(Described):
    """One item as a program sends it; any further fields are attributes too."""

    model_config = ConfigDict(extra="allow", frozen=True)

    item_id: EntityId
    """Its id."""
    title: str | None = None
    """What it is called."""
    text: str | None = None
    """What it is: a description, a plot, the article itself."""
    categories: list[str] | str | None = None
    """What it belongs to."""
    brand: str | None = None
    """Who makes it."""
    price: Finite | None = None
    """What it costs."""
    hidden: bool | None = None
    """Whether it must not be found or shown."""
    available: bool | None = None
    """False where it is out of stock: it is found, and in no slate until it is back."""


class LiveUser(Described):
    """One user as a program sends them; any further fields are attributes too."""

    model_config = ConfigDict(extra="allow", frozen=True)

    user_id: EntityId
    """Their id."""


class ItemRecord(Frozen):
    """One item as it is stored."""

    item_id: str
    """Its id."""
    attributes: dict[str, Any] = Field(default_factory=dict)
    """What is known of it; empty where only events speak of it."""
    etag: str = ""
    """Changes with the attributes: sent as If-Match, a change is made only if it is still so."""


class UserRecord(Frozen):
    """One user as they are stored."""

    user_id: str
    """Their id."""
    attributes: dict[str, Any] = Field(default_factory=dict)
    """What is known of them; empty where only events speak of them."""
    etag: str = ""
    """Changes with the attributes: sent as If-Match, a change is made only if it is still so."""


class ItemPage(Frozen):
    """Some items, and where the next ones begin."""

    items: list[ItemRecord]
    """In an order that does not depend on arrival."""
    cursor: str | None
    """Ask for the next page with it; None at the end."""


class UserPage(Frozen):
    """Some users, and where the next ones begin."""

    users: list[UserRecord]
    """In an order that does not depend on arrival."""
    cursor: str | None
    """Ask for the next page with it; None at the end."""


class EntitiesAccepted(Frozen):
    """What became of a batch of items or users."""

    accepted: int
    """Stored now, new or replaced."""


class EntityDeleted(Frozen):
    """What a deletion did."""

    id: str
    """Which user or item."""
    deleted: bool
    """Whether there was something to delete."""
