"""What the owner of a workspace says about learning to rank: the section [ranker]."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from zhiyin.core.config import Config


class RankerSettings(Config):
    """How the ranker of ``auto`` learns."""

    objective: Literal["auto", "off", "linear", "lambdarank", "listnet", "pairwise"] = "auto"
    """What it learns: lambdarank (NDCG), listnet (which of a list is the one), pairwise (which of
    two stands higher), linear (differences within a list, as a sum over features); "auto" tries
    linear, then lambdarank; "off" learns none. It serves only where it beats the blend."""
    slates: int = Field(default=500, ge=1)
    """Answered slates from which slates teach beside candidates, place and fatigue with them."""
