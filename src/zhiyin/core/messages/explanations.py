"""Why an item is, or would be, shown: words, and what they rest on."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.messages.ids import EntityId
from zhiyin.core.messages.queries import Surface
from zhiyin.core.slate import Frozen, Position

Method: TypeAlias = Literal["likeness", "deletion", "shap", "lime"]
"""How influence is measured: by likeness of items, by taking events away one at a time, by
Shapley values, or by a regression on altered inputs."""


class ExplainQuery(Config):
    """Why is, or would, an item be shown to a user?"""

    user_id: EntityId
    """For whom."""
    item_id: EntityId
    """Which item."""
    surface: Surface = "home"
    """Where it would be shown."""
    instead_of: EntityId | None = None
    """Another item, for "rather than that one because"."""
    language: Literal["en", "zh"] | None = None
    """Language of the words; absent: that of most titles."""
    length: Literal["short", "medium", "long"] = "medium"
    """How much is told."""
    method: Method = "likeness"
    """How influence is measured."""
    model: bool = False
    """Whether the language model of [llm] puts the reasons into its own words, where there is
    one; that takes seconds. "Rather than that one because" stays as it is."""


class Explanation(Frozen):
    """Why an item stands where it stands, in words."""

    item_id: str
    """The item."""
    text: str
    """The words."""
    language: Literal["en", "zh"]
    """Their language."""
    length: Literal["short", "medium", "long"]
    """How much is told."""
    style: Literal["because", "contrast"]
    """Why this item, or why rather than another."""
    cites: list[str]
    """Ids of the items that are named, apart from the item itself."""
    made_by: str = "template"
    """``model:NAME`` or ``template``."""
    refused: list[str] = Field(default_factory=list[str])
    """Why what a model wrote was not used."""


class EventInfluence(Frozen):
    """What one item of a user's history does to a score."""

    item_id: str
    """The item of the history."""
    title: str
    """Its title; the id where it has none."""
    event: str | None = None
    """The type of the user's last event with it."""
    influence: float
    """For likeness, its share of the likeness, 0..1; else standard deviations of the score of the
    retrievers, below 0 where it speaks against the item."""


class FeatureContribution(Frozen):
    """What one feature of the ranker does to a score."""

    feature: str
    """Its name."""
    what: str
    """What it says of a candidate."""
    unit: str
    """What it is counted in."""
    value: float | None
    """Its value for this item; None where it is unknown."""
    contribution: float
    """Points of the score that it adds or takes."""


class Explained(Frozen):
    """An explanation with the evidence that it is made of."""

    explanation: Explanation
    """The words."""
    position: Position
    """The item with its score, sources and evidence."""
    place: int
    """At which place it stands for this user now, from 1."""
    method: Method = "likeness"
    """How influence was measured."""
    events: list[EventInfluence] = Field(default_factory=list[EventInfluence])
    """Items of the history, the most influential first."""
    retrieved: float | None = None
    """The score that events explain: that of the retrievers, in standard deviations above the mean
    item; None for likeness."""
    without_events: float | None = None
    """The same score for somebody without those items in the history; None for likeness."""
    features: list[FeatureContribution] = Field(default_factory=list[FeatureContribution])
    """Features of the ranker, the weightiest first; empty where no ranker serves."""
    base: float | None = None
    """What the ranker says of any candidate before it looks at one; with the contributions it
    sums to what the ranker adds (method shap)."""
