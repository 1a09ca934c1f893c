"""Erasure and export: what is said about the data of one person or item."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.messages.ids import EntityId
from zhiyin.core.slate import Frozen


class ErasureRequest(Config):
    """Whose data are to go."""

    kind: Literal["user", "item"] = "user"
    """A user or an item."""
    id: EntityId
    """Its id."""


class Removed(Frozen):
    """What was removed from one place."""

    place: str
    """Where: a table of the store, a version of the model, the search index, …"""
    records: int
    """How many records, rows or lines were removed or made empty there."""


class ErasureCertificate(Frozen):
    """What was erased, where and when; it holds nothing else about the person or item."""

    certificate_id: str
    """Identity of this certificate."""
    kind: Literal["user", "item"]
    """A user or an item."""
    id: str
    """The id as it was asked for; no other place holds it any more."""
    requested: int
    """When erasure began, in milliseconds since the Unix epoch."""
    completed: int
    """When the last of it was gone, in milliseconds since the Unix epoch."""
    found: bool
    """Whether there was anything to erase."""
    removed: list[Removed] = Field(default_factory=list[Removed])
    """What was removed, place by place; places that held nothing say 0."""
    remains: list[str] = Field(default_factory=list[str])
    """What still holds traces that lead back to nobody, and until when; see the documentation."""


class ExportedEvent(Frozen):
    """One event as it is stored."""

    seq: int
    """Its number in order of arrival."""
    user_id: str | None
    """Who did it; None where the user was deleted."""
    item_id: str | None = None
    """On which item; None for events of the user alone, or on a deleted item."""
    type: str
    """What was done."""
    timestamp: int | None = None
    """When, in milliseconds since the Unix epoch; None where unknown."""
    value: float | None = None
    """A rating, a price, a dwell time."""
    text: str | None = None
    """A review."""
    query: str | None = None
    """A search."""
    context: dict[str, Any] | None = None
    """Anything else that was sent with it."""


class UserExport(Frozen):
    """All that is stored about one user."""

    user_id: str
    """Whose data."""
    exported: int
    """When, in milliseconds since the Unix epoch."""
    attributes: dict[str, Any]
    """What is known of them."""
    events: list[ExportedEvent]
    """What they did, in order of arrival."""
    profile_edits: list[dict[str, Any]]
    """What they changed in their profile: action, subject, created."""
    ties: list[dict[str, Any]]
    """Ties to others: other, kind, direction, weight, timestamp."""
    slates: list[dict[str, Any]]
    """What was shown to them, oldest first."""
