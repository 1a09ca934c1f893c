"""How the candidate was shown: in the slate that taught, and to this user before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays
from zhiyin.ranking.features.asked import Asked
from zhiyin.ranking.features.feature import Feature, Known

PLACE, FATIGUE = "place", "fatigue"
"""Names of the two features."""


class ExposureFeatures:
    """The place of a candidate in the slate that taught, and fatigue.

    A click at the first place says less than one at the tenth. Training tells the scorer the
    place; when a slate is made there is none yet, and every candidate gets the first.
    """

    group: ClassVar[str] = "exposure"

    @classmethod
    def learn(cls, known: Known) -> Self | None:
        """See `FeatureGroup.learn`."""
        return cls() if known.impressions else None

    @property
    def features(self) -> tuple[Feature, ...]:
        """See `FeatureGroup.features`."""
        return (
            Feature(PLACE, "log2(places)", "where it was shown; the first when serving"),
            Feature(FATIGUE, "log(1 + times)", "shown to this user before, without an answer"),
        )

    def compute(self, asked: Asked, wanted: frozenset[str]) -> dict[str, Floats]:
        """See `FeatureGroup.compute`."""
        nothing = np.zeros(asked.shape, dtype=np.float32)
        places = nothing if asked.places is None else np.log2(np.maximum(asked.places, 1))
        shown = nothing if asked.shown is None else np.log1p(asked.shown)
        return {PLACE: places.astype(np.float32), FATIGUE: shown.astype(np.float32)}

    def state(self) -> Arrays:
        """See `FeatureGroup.state`."""
        return {}

    def manifest(self) -> dict[str, Any]:
        """See `FeatureGroup.manifest`."""
        return {}

    @classmethod
    def restored(cls, manifest: Mapping[str, Any], arrays: Arrays) -> Self:
        """See `FeatureGroup.restored`."""
        return cls()
