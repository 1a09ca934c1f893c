"""What is known of a user's interests, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.core.messages.profile import Interest, ProfileView, Source, TagEvidence

__all__ = ["Interest", "Profile", "ProfileView", "Source", "TagEvidence"]


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A user's interests.

    Attributes:
        user_id: Whose.
        interests: Tags, heaviest in size first.
        wishes: What the user asked for, in their words, oldest first.
        n_events: Events that were read.
        weights: The weight of every tag of the catalogue, float32 of shape (n_tags,).
        muted: The tags that the user never wants, bool of shape (n_tags,).
        vector: In the encoder's space, float32 of shape (dim,) and length 1; None where
            nothing is known that has a meaning.
        unknown: Edits that name tags which the catalogue does not have at present.
    """

    user_id: str
    interests: tuple[Interest, ...]
    wishes: tuple[str, ...]
    n_events: int
    weights: Floats
    muted: NDArray[np.bool_]
    vector: Floats | None
    unknown: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known that could tell one item from another."""
        return self.vector is None and not self.weights.any()

    def view(self) -> ProfileView:
        """As people and programs read it."""
        return ProfileView(
            user_id=self.user_id,
            events=self.n_events,
            wishes=list(self.wishes),
            interests=list(self.interests),
            unknown=list(self.unknown),
        )
