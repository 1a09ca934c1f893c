"""From a profile to scores of items."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.models.profile.interest import Profile
from zhiyin.models.profile.tags import TagTable

_AGAINST = 0.3
"""Share of its mass with which what is disliked pushes the vector away (Rocchio, 1971)."""


def profile_vector(
    vectors: Floats, mass: NDArray[np.float64], said: Floats, said_mass: NDArray[np.float64]
) -> Floats | None:
    """Where a user stands in the encoder's space.

    Args:
        vectors: Of the items of n statements, less the catalogue's mean, shape (n, dim).
        mass: What each statement says of its item, shape (n,).
        said: Of m searches and wishes, shape (m, dim).
        said_mass: What each says, shape (m,).

    Returns:
        float32 of shape (dim,) and length 1; None where nothing points anywhere.
    """
    pull = np.where(mass < 0, _AGAINST * mass, mass).astype(np.float32)
    vector = pull @ vectors + said_mass.astype(np.float32) @ said
    length = float(np.linalg.norm(vector))
    return None if length < 1e-6 else (vector / length).astype(np.float32)


def match_items(profile: Profile, table: TagTable, vectors: Floats | None) -> Floats | None:
    """How well each item fits a profile: meaning and tags, each standardised, together.

    Args:
        profile: Whose.
        table: The items' tags, n of them.
        vectors: The items' vectors, shape (n, dim), or None where there are none.

    Returns:
        float32 of shape (n,), mean 0 and deviation 1; None where the profile says nothing
        that tells these items apart.
    """
    parts: list[Floats] = []
    if profile.vector is not None and vectors is not None:
        parts.append(standardised(vectors @ profile.vector))
    if profile.weights.any():
        parts.append(standardised(np.asarray(table.matrix @ profile.weights)))
    if not parts:
        return None
    total = standardised(np.sum(parts, axis=0))
    return total if total.any() else None


def standardised(values: NDArray[np.floating]) -> Floats:
    """Mean 0, deviation 1; zeros where all values are alike."""
    centred = values.astype(np.float64) - values.mean() if len(values) else values
    deviation = float(centred.std()) if len(values) else 0.0
    if deviation < 1e-9:
        return np.zeros(len(values), dtype=np.float32)
    return (centred / deviation).astype(np.float32)
