"""What the recipe chooses of a content bridge."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from zhiyin.core.config import Config

Part = Literal["carried", "past", "near"]
"""carried: what the other models give to items like it; past: what the history holds of
items like it, through the ridge; near: plain likeness to the history."""


class BridgeConfig(Config):
    """What the recipe chooses on validation."""

    power: int = Field(default=3, ge=1, le=5)
    """Power of the polynomial kernel; 1 leaves likeness as it is."""
    l2: float = Field(default=0.3, gt=0)
    """Ridge, relative to the mean likeness of an item to itself."""
    parts: dict[Part, float] = Field(default_factory=lambda: {"carried": 1.0})
    """What content scores are made of, with weights."""
    beside: float = Field(default=0.0, ge=0)
    """Weight of content beside the other models, for items with behaviour."""
    scale: float = Field(default=1.0, gt=0)
    """Content scores of items without behaviour are multiplied by this, …"""
    shift: float = 0.0
    """… and this is added, so that they can be ranked among the others."""
    prior: float = Field(default=0.0, ge=0)
    """An item with n users is ranked n / (n + this) by the other models, the rest by content."""
    trust: float = Field(default=10.0, gt=0)
    """An item with n users teaches the ridge with weight n / (n + this)."""
    points: int = Field(default=4_000, ge=2)
    """Items with most users that teach the ridge: time grows with their cube."""
