"""A neighbour of an item or of a user."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One neighbour of an item or of a user."""

    id: str
    """Its id."""
    score: float
    """Its likeness; only the order means anything for items, a cosine for users."""
    by: str = "behaviour"
    """What tells: behaviour, meaning, or both."""
