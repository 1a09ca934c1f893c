"""Events on their way in, and what became of them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from zhiyin.core.config import Config
from zhiyin.core.messages.ids import EntityId, EventType, Finite, Instant
from zhiyin.core.slate import Frozen


class LiveEvent(Config):
    """One event as a program sends it."""

    user_id: EntityId
    """Who did it."""
    item_id: EntityId | None = None
    """On which item; None for events of the user alone, such as a search."""
    type: EventType = "view"
    """What was done: view, purchase, like, …"""
    timestamp: Instant | None = None
    """When, in milliseconds since the Unix epoch; None: now."""
    value: Finite | None = None
    """A rating, a price, a dwell time."""
    text: str | None = Field(default=None, max_length=1_000_000)
    """A review."""
    query: str | None = Field(default=None, max_length=100_000)
    """A search."""
    context: dict[str, Any] | None = None
    """Anything else: surface, device, place, slate_id."""
    event_id: EntityId | None = None
    """Identity given by the sender; an event sent twice with it is stored once."""


class Feedback(Config):
    """What somebody did with a slate: becomes an event that names the slate."""

    slate_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """The slate that was shown."""
    item_id: EntityId
    """The item, which must be in the slate."""
    position: int | None = Field(default=None, ge=1)
    """Its place, counted from 1; checked where given."""
    type: EventType = "view"
    """What was done: view, click, purchase, …"""
    user_id: EntityId | None = None
    """Who, for a slate of an anonymous session; otherwise the slate's user."""
    timestamp: Instant | None = None
    """When, in milliseconds since the Unix epoch; None: now."""
    value: Finite | None = None
    """A rating, a price, a dwell time."""
    text: str | None = Field(default=None, max_length=1_000_000)
    """A review."""
    event_id: EntityId | None = None
    """Identity given by the sender; feedback sent twice with it is stored once."""


class EventsAccepted(Frozen):
    """What became of a batch of events."""

    accepted: int
    """Events stored now."""
    duplicates: int
    """Events that were there already."""


class LineFault(Frozen):
    """Why one line of a stream was not stored."""

    line: int
    """Its number, counted from 1."""
    problem: str
    """What is wrong with it."""


class StreamReport(Frozen):
    """What became of a stream of events, line by line."""

    lines: int
    """Lines that were read, empty ones aside."""
    accepted: int
    """Events stored now."""
    duplicates: int
    """Events that were there already."""
    rejected: int
    """Lines that are no events; the others are stored all the same."""
    faults: list[LineFault] = Field(default_factory=list[LineFault])
    """The first hundred of them, each with its line."""
