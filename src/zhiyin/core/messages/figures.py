"""Figures of a workspace at one look, and the map of its items."""

from __future__ import annotations

from pydantic import Field

from zhiyin.core.messages.copies import CopyKind
from zhiyin.core.slate import Frozen


class Traffic(Frozen):
    """Slates of one group."""

    version: str
    """The version of the model that made them."""
    surface: str
    """Where they were shown."""
    arm: str
    """The arm of the experiment that they fell into."""
    shown: int
    """How many were shown."""
    answered: int
    """How many of them an event of positive weight answered."""


class CopyTraffic(Frozen):
    """A text that was drawn to be shown."""

    copy_id: str
    """The text."""
    item_id: str
    """The item that it is about."""
    kind: CopyKind
    """What it is."""
    surface: str
    """Where it was shown."""
    shown: int
    """How often."""
    answered: int
    """How often an event of positive weight answered it."""


class DayTraffic(Frozen):
    """Slates of one day."""

    day: int
    """Its first moment (UTC), in milliseconds since the Unix epoch."""
    shown: int
    """How many were shown."""
    answered: int
    """How many of them were answered."""


class Overview(Frozen):
    """What is there, which model serves, and what is shown and answered."""

    workspace: str
    """Its name."""
    events: int
    """Events that are stored."""
    items: int
    """Items that are known."""
    users: int
    """Users that are known."""
    model_version: str | None = None
    """The version that serves; None where nothing was trained."""
    published: int | None = None
    """When it was written, in milliseconds since the Unix epoch."""
    as_of: int | None = None
    """The newest event that it learned from; None where times are unknown."""
    events_since_training: int | None = None
    """Events that the model has not seen."""
    coverage: float | None = None
    """Share of the catalogue shown in the last 24 hours."""
    popularity_share: float | None = None
    """Share of all positions that held one of the tenth most popular items."""
    trainings_under_way: int = 0
    """Background trainings that run."""
    trouble: str = ""
    """Why no slate can be made; empty where all is well."""
    traffic: list[Traffic] = Field(default_factory=list[Traffic])
    """Slates by version, surface and arm."""
    copies: list[CopyTraffic] = Field(default_factory=list[CopyTraffic])
    """Texts that were drawn to be shown, the most shown first, at most 100."""
    days: list[DayTraffic] = Field(default_factory=list[DayTraffic])
    """Slates of the last days that had any, oldest first."""


class MapPoint(Frozen):
    """Where one item lies."""

    item_id: str
    """The item."""
    title: str = ""
    """Its title; empty where it has none."""
    category: str = ""
    """The first of its categories."""
    x: float
    """Along the first direction, -1..1."""
    y: float
    """Along the second direction, -1..1."""
    popularity: int
    """Users who liked it, as of the training."""


class ItemMap(Frozen):
    """Items in the plane: near one another where the same people take them."""

    model_version: str
    """The version whose vectors are shown."""
    explained: float
    """Share of the vectors' variance that the two directions hold, 0..1."""
    items: int
    """Items that have a vector; the most popular ones of them are returned."""
    points: list[MapPoint]
    """The items, most popular first."""
