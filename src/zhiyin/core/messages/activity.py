"""What the log and the catalogue hold, as charts show it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from zhiyin.core.slate import Frozen

Step = Literal["hour", "day", "week", "month"]
"""How long a period is."""


class Period(Frozen):
    """What happened in one stretch of time."""

    start: int
    """Its first moment (UTC), in milliseconds since the Unix epoch."""
    events: int
    """Events in it."""
    users: int
    """People who did something in it."""
    new_users: int
    """Those of them whose first event lies in it."""


class Counted(Frozen):
    """How often something occurs."""

    name: str
    """What."""
    count: int
    """How often."""


class Kind(Frozen):
    """A category of the catalogue."""

    name: str
    """Its name."""
    items: int
    """Items that have it."""
    events: int
    """Events on them."""


class Bucket(Frozen):
    """How many lie between two counts of events."""

    least: int
    """Events at least."""
    most: int | None
    """Events at most; None: without end."""
    count: int
    """How many items, or people, have so many."""


class Reach(Frozen):
    """What the most popular items take of all events."""

    items: float
    """Share of the catalogue, the most popular first, 0..1."""
    events: float
    """Share of the events on it, 0..1."""


class TopItem(Frozen):
    """One of the items with the most events."""

    item_id: str
    """The item."""
    title: str
    """Its title; its id where it has none."""
    events: int
    """Events on it."""


class HourTraffic(Frozen):
    """Slates of one hour."""

    hour: int
    """Its first moment (UTC), in milliseconds since the Unix epoch."""
    shown: int
    """How many were shown."""
    answered: int
    """How many of them were answered."""


class Activity(Frozen):
    """What the log and the catalogue hold; a look that is at most a minute old."""

    events_read: int
    """Events that were looked at: the newest ones of a very long log."""
    step: Step = "day"
    """How long a period is."""
    periods: list[Period] = Field(default_factory=list[Period])
    """Time without gaps, oldest first; empty where no event has a time."""
    outside: int = 0
    """Events with a time that lies far from most others; the periods leave them out."""
    untimed: int = 0
    """Events without a time."""
    week: list[list[int]] = Field(default_factory=list[list[int]])
    """Events of the periods by weekday (Monday first) and hour (UTC): seven lists of 24."""
    types: list[Counted] = Field(default_factory=list[Counted])
    """Events by what was done, most frequent first."""
    kinds: list[Kind] = Field(default_factory=list[Kind])
    """The largest categories."""
    item_buckets: list[Bucket] = Field(default_factory=list[Bucket])
    """Items by how many events they have."""
    user_buckets: list[Bucket] = Field(default_factory=list[Bucket])
    """People by how many events they have."""
    reach: list[Reach] = Field(default_factory=list[Reach])
    """How much of the events the most popular items take."""
    top_items: list[TopItem] = Field(default_factory=list[TopItem])
    """The items with the most events."""
    hours: list[HourTraffic] = Field(default_factory=list[HourTraffic])
    """Slates of the last two days by hour, oldest first; hours without any are left out."""


class Deed(Frozen):
    """One event of a person, as it is read."""

    type: str
    """What was done."""
    item_id: str | None = None
    """On what; None where it was on no item, or on one that is gone."""
    title: str = ""
    """The item's title; empty where it has none."""
    timestamp: int | None = None
    """When, in milliseconds since the Unix epoch."""
    value: float | None = None
    """With what value."""


class History(Frozen):
    """What a person did last."""

    user_id: str
    """Who."""
    deeds: list[Deed]
    """The last events, newest first."""
