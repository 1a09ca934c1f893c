"""What each type of event says about an item, by trade: weights and half-lives to begin with.

Weights are on one scale: 1 is a plain sign of interest (a view, a play, a click), more is
more, 0 is no sign at all, below 0 is dislike. They are starting points: what is right for a
shop is found by ``zhiyin evaluate``, not by taste.
"""

from __future__ import annotations

from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.errors import ConfigError


class EventTemplate(Config):
    """Weights and half-life of a trade."""

    summary: str
    """Whom it is for."""
    weights: dict[str, float] = Field(default_factory=dict)
    """Weight per event type."""
    half_life_days: float | None = None
    """An event counts half after this many days; None: for ever."""


_NEGATIVE = {"dislike": -1.0, "hide": -1.0, "report": -1.5}
_NO_SIGN = {"impression": 0.0, "search": 0.0}

GENERAL_WEIGHTS: dict[str, float] = {
    **_NO_SIGN,
    **_NEGATIVE,
    "unfavourite": -0.5,
    "unfollow": -0.5,
    "block": -1.5,
    "return": -1.0,
    "remove_from_cart": -0.5,
}
"""Weights in force wherever settings do not say otherwise: of what is no interest, or the
opposite of it."""

TEMPLATES: dict[str, EventTemplate] = {
    "shop": EventTemplate(
        summary="A shop: what is bought says most, what is returned counts against.",
        weights={
            **_NO_SIGN,
            "view": 1.0,
            "click": 1.0,
            "favourite": 2.0,
            "cart": 3.0,
            "purchase": 5.0,
            "review": 2.0,
            "share": 2.0,
            "rating": 1.0,
            **_NEGATIVE,
            "unfavourite": -1.0,
            "remove_from_cart": -1.0,
            "return": -3.0,
        },
        half_life_days=90.0,
    ),
    "video": EventTemplate(
        summary="Films, series, clips: finishing says more than starting, skipping counts against.",
        weights={
            **_NO_SIGN,
            "click": 0.5,
            "view": 1.0,
            "play": 1.0,
            "complete": 3.0,
            "like": 2.0,
            "favourite": 3.0,
            "share": 3.0,
            "comment": 1.5,
            "follow": 2.0,
            "rating": 1.0,
            "skip": -0.5,
            **_NEGATIVE,
        },
        half_life_days=60.0,
    ),
    "music": EventTemplate(
        summary="Songs and albums: taste lasts, repeated listening says much, skips are frequent.",
        weights={
            **_NO_SIGN,
            "play": 1.0,
            "complete": 1.5,
            "like": 3.0,
            "favourite": 3.0,
            "add_to_playlist": 3.0,
            "share": 2.0,
            "follow": 2.0,
            "skip": -0.5,
            **_NEGATIVE,
        },
        half_life_days=180.0,
    ),
    "news": EventTemplate(
        summary="News and articles: interest fades within days.",
        weights={
            **_NO_SIGN,
            "click": 1.0,
            "view": 1.0,
            "complete": 2.0,
            "like": 2.0,
            "favourite": 2.0,
            "share": 3.0,
            "comment": 2.0,
            "follow": 2.0,
            **_NEGATIVE,
        },
        half_life_days=3.0,
    ),
    "social": EventTemplate(
        summary="Posts and people: talking with each other says more than looking.",
        weights={
            **_NO_SIGN,
            "view": 0.5,
            "click": 1.0,
            "like": 2.0,
            "comment": 3.0,
            "share": 3.0,
            "follow": 4.0,
            "favourite": 3.0,
            "unfollow": -2.0,
            "block": -3.0,
            **_NEGATIVE,
        },
        half_life_days=14.0,
    ),
    "education": EventTemplate(
        summary="Courses and lessons: enrolling and finishing count, giving up counts against.",
        weights={
            **_NO_SIGN,
            "view": 1.0,
            "click": 1.0,
            "enrol": 4.0,
            "play": 1.0,
            "complete": 5.0,
            "favourite": 2.0,
            "rating": 1.0,
            "review": 1.5,
            "drop": -2.0,
            **_NEGATIVE,
        },
        half_life_days=180.0,
    ),
    "ads": EventTemplate(
        summary="Advertisements: clicks are weak signs, conversions strong ones.",
        weights={
            **_NO_SIGN,
            "click": 1.0,
            "view": 0.5,
            "lead": 4.0,
            "conversion": 8.0,
            "purchase": 8.0,
            **_NEGATIVE,
            "close": -0.5,
        },
        half_life_days=30.0,
    ),
}
"""The templates by name."""


def template(name: str) -> EventTemplate:
    """The template of a trade.

    Raises:
        ConfigError: No template has that name.
    """
    if name not in TEMPLATES:
        raise ConfigError(f"no template is named {name!r}", hint=f"known: {', '.join(TEMPLATES)}")
    return TEMPLATES[name]
