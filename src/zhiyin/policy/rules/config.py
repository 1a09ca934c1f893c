"""What an owner can ask of a list, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.config import Config


class RulesConfig(Config):
    """Rules for the lists of a surface; the order of the fields is their precedence."""

    exclude: tuple[str, ...] = ()
    """Items that are never shown here."""
    pins: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict[str, int])
    """Place of each pinned item, the first being 1; of two on one place the one named first
    has it."""
    caps: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict[str, int])
    """At most so many items of one value of a column (brand, category, …) in a list."""
    promoted_at_most: float = Field(default=1.0, ge=0, le=1)
    """Part of the places that marked items may take, rounded down to whole places."""
    promoted_at_least: float = Field(default=0.0, ge=0, le=1)
    """Part of the places that marked items take, rounded up to whole places."""


@dataclass(frozen=True, slots=True)
class LostRule:
    """A rule that could not be kept.

    Attributes:
        rule: The rule, in words.
        lost_to: What it yielded to: "exclusion", "length" (a full list), "candidates" (there
            is none that could keep it), "pin", "cap" or "promotion".
        why: The facts of this list.
    """

    rule: str
    lost_to: str
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Ruled:
    """A list that went through the rules.

    Attributes:
        places: Indices into the candidates, int64 of shape (at most n,), first place first.
        lost: Rules that could not be kept, those of higher precedence first; empty where
            all were.
    """

    places: NDArray[np.int64]
    lost: tuple[LostRule, ...] = ()
