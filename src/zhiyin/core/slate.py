"""The answer: a slate, and everything needed to judge it later."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from zhiyin.core.described import Described

Odds = Literal["deterministic", "exact", "monte-carlo"]
"""How propensities are known: all are 1, worked out, or estimated by repeated draws."""


class Frozen(Described):
    """Base of the entities that leave the house."""

    model_config = ConfigDict(frozen=True)


class Evidence(Frozen):
    """A recorded fact that supports a candidate."""

    kind: str
    """What sort of fact: "event" (the user did this), "popular" (others did)."""
    item_id: str | None = None
    """The item that the fact is about, where it is about one."""
    event: str | None = None
    """The type of the event, where the fact is one."""
    share: float = 0.0
    """Part of the position's score that the fact accounts for, 0..1."""
    text: str = ""
    """The fact in words, from recorded fields only."""


class Stage(Frozen):
    """What one stage made of a candidate."""

    name: str
    """The stage: "retrieval" (the blend and attributes), "ranking" (the learned ranker), or
    "rules" (boosts, diversity, rules, the draw: the slate itself)."""
    score: float
    """The score after it."""
    place: int
    """The place after it, the best is 1."""


class Position(Frozen):
    """One place of a slate."""

    item_id: str
    """The item shown here."""
    score: float
    """The score that ranked it."""
    propensity: float
    """Probability that the policy put this item here, given the places before."""
    sources: dict[str, float] = Field(default_factory=dict)
    """Contribution of each retriever to the score."""
    evidence: list[Evidence] = Field(default_factory=list[Evidence])
    """Recorded facts that support the item."""
    stages: list[Stage] = Field(default_factory=list[Stage])
    """Score and place after each stage, in their order; where it was asked for."""
    estimates: dict[str, float] = Field(default_factory=dict)
    """What was expected of the item (ctr, cvr, value, dwell) and its utility, where the surface
    states an objective and an explanation was asked for."""
    properties: dict[str, Any] = Field(default_factory=dict)
    """Attributes of the item, where the caller asked for them."""


class YieldedRule(Frozen):
    """A rule of the surface that this slate does not keep."""

    rule: str
    """The rule, in words."""
    lost_to: str
    """What it yielded to: exclusion, length, candidates, pin, cap, promotion or rules."""
    why: str
    """The facts of this slate."""


class Slate(Frozen):
    """An ordered list for one query, with the odds under which it was drawn."""

    slate_id: str
    """Identity of this slate; feedback and pages refer to it."""
    user_id: str | None
    """Whom it was made for; None for an anonymous session."""
    surface: str
    """Where it appears: home, detail, cart, search, feed, email, …"""
    positions: list[Position]
    """The items, first place first."""
    policy: str
    """Name of the policy that chose."""
    arm: str
    """Arm of the experiment that the query fell into."""
    seed: int
    """Seed of the draw: the same query and seed give the same slate."""
    model_version: str
    """Version of the artifact that scored."""
    created: int
    """When, in milliseconds since the Unix epoch."""
    fallbacks: list[str] = Field(default_factory=list[str])
    """Paths that were taken because the usual one was not open; empty when all is well."""
    odds: Odds = "exact"
    """How the propensities are known: deterministic (each is 1), exact, or monte-carlo."""
    lost_rules: list[YieldedRule] = Field(default_factory=list[YieldedRule])
    """Rules of the surface that had to yield, and to what."""
    context: dict[str, Any] = Field(default_factory=dict[str, Any])
    """What the request told of the moment."""
    page_of: str | None = None
    """The first page, where this slate is a later one."""
    page: int = 1
    """Which page of that slate this is."""

    @property
    def item_ids(self) -> list[str]:
        """The items, first place first."""
        return [position.item_id for position in self.positions]
