"""An interest profile as people and programs read it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from zhiyin.core.config import Config

Source = Literal["behaviour", "wish", "pin", "mute", "group"]


class TagEvidence(Config):
    """The recorded facts behind one tag."""

    speaking_for: dict[str, int] = Field(default_factory=dict[str, int])
    """Events in its favour, by type ("review" where the words of a review decided)."""
    speaking_against: dict[str, int] = Field(default_factory=dict[str, int])
    """Events against it, by type."""
    last: int | None = None
    """When the newest of them happened, in milliseconds since the epoch; None if unknown."""
    items: list[str] = Field(default_factory=list[str])
    """The items that count most, at most three."""
    queries: list[str] = Field(default_factory=list[str])
    """The searches and wishes that count most, at most three."""
    groups: list[str] = Field(default_factory=list[str])
    """The groups of people that it was guessed from, such as "city: 北京"."""


class Interest(Config):
    """One tag of a profile."""

    facet: str
    """What kind of thing it is: category, maker, topic, price, style, …"""
    name: str
    """The tag within its facet."""
    weight: float
    """From -1 (shunned) to 1 (sought); 0 is what anybody would show."""
    source: Source
    """Where it comes from: behaviour, a wish, a pin, a mute, or people of the same group."""
    evidence: TagEvidence = TagEvidence()
    """What it rests on."""
    words: str = ""
    """The same in a sentence, where a language was asked for."""

    @property
    def tag(self) -> str:
        """As it is written in an edit: "facet:name"."""
        return f"{self.facet}:{self.name}"


class ProfileView(Config):
    """A profile as people and programs read it."""

    user_id: str
    """Whose."""
    events: int
    """How many events were read."""
    wishes: list[str]
    """What the user asked for, in their words, oldest first."""
    interests: list[Interest]
    """Edited tags first, then by weight in size."""
    unknown: list[str]
    """Edits that name tags which no item has at present."""
    words: str = ""
    """The whole in words, where a language was asked for."""
