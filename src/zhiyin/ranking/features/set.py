"""All features together: one piece of code that training and serving both run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from zhiyin.core.errors import ArtifactError
from zhiyin.core.histories import Floats
from zhiyin.core.named_arrays import group_of, under
from zhiyin.core.protocols import Arrays
from zhiyin.ranking.features.affinity import CategoryFeatures, NumberFeatures
from zhiyin.ranking.features.asked import Asked
from zhiyin.ranking.features.context import ContextFeatures
from zhiyin.ranking.features.exposure import ExposureFeatures
from zhiyin.ranking.features.feature import Feature, FeatureGroup, Known
from zhiyin.ranking.features.history import HistoryFeatures
from zhiyin.ranking.features.likeness import LikenessFeatures
from zhiyin.ranking.features.popularity import PopularityFeatures
from zhiyin.ranking.features.scores import ScoreFeatures

GROUPS: tuple[type[FeatureGroup], ...] = (
    ScoreFeatures,
    PopularityFeatures,
    HistoryFeatures,
    CategoryFeatures,
    NumberFeatures,
    LikenessFeatures,
    ContextFeatures,
    ExposureFeatures,
)
"""Every group that there is; those that a data set tells nothing are left out of it."""


class FeatureSet:
    """The features of one data set.

    Args:
        groups: Their groups.
        wanted: Names to compute, in the order of the columns; None for all.
    """

    def __init__(
        self, groups: tuple[FeatureGroup, ...], *, wanted: tuple[str, ...] | None = None
    ) -> None:
        self._groups = groups
        every = {feature.name: feature for group in groups for feature in group.features}
        missing = set(wanted or ()) - set(every)
        if missing:
            raise ArtifactError(f"nothing computes the features {', '.join(sorted(missing))}")
        self._features = tuple(every[name] for name in (every if wanted is None else wanted))
        self._wanted = frozenset(feature.name for feature in self._features)

    @classmethod
    def learn(cls, known: Known, *, wanted: tuple[str, ...] | None = None) -> Self:
        """The features of a data set; ``wanted`` as in the class."""
        groups = tuple(found for group in GROUPS if (found := group.learn(known)) is not None)
        return cls(_used(groups, wanted), wanted=wanted)

    @property
    def features(self) -> tuple[Feature, ...]:
        """Declarations, in the order of the columns."""
        return self._features

    @property
    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(feature.name for feature in self._features)

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the retrievers that are read."""
        return next((g.sources for g in self._groups if isinstance(g, ScoreFeatures)), ())

    def group_of(self, name: str) -> str:
        """The group of a feature."""
        return next(g.group for g in self._groups if any(f.name == name for f in g.features))

    def keeping(self, names: frozenset[str]) -> FeatureSet:
        """Only some of the features, in their order; groups without any are left out."""
        wanted = tuple(name for name in self.names if name in names)
        return FeatureSet(_used(self._groups, wanted), wanted=wanted)

    def compute(self, asked: Asked) -> Floats:
        """The features of every candidate, row by row.

        Returns:
            float32 of shape (rows, f): queries in order, their candidates in order, without
            the absent ones; NaN for unknown.
        """
        found: dict[str, Floats] = {}
        for group in self._groups:
            found |= group.compute(asked, self._wanted)
        present = asked.present
        rows = np.empty((int(present.sum()), len(self._features)), dtype=np.float32)
        whole = len(rows) == present.size
        for at, feature in enumerate(self._features):
            values = found[feature.name]
            rows[:, at] = values.ravel() if whole else values[present]
        return rows

    def state(self) -> Arrays:
        """What was learned."""
        arrays: Arrays = {}
        for group in self._groups:
            arrays |= under(type(group).__name__, group.state())
        return arrays

    def manifest(self) -> dict[str, Any]:
        """What is not an array."""
        groups = {type(group).__name__: group.manifest() for group in self._groups}
        return {"groups": groups, "names": list(self.names)}

    @classmethod
    def restored(cls, manifest: Mapping[str, Any], arrays: Arrays) -> Self:
        """The inverse of `manifest` and `state`.

        Raises:
            ArtifactError: The artifact has features that this version does not know.
        """
        known = {group.__name__: group for group in GROUPS}
        unknown = set(manifest["groups"]) - set(known)
        if unknown:
            raise ArtifactError(
                f"the artifact has features of {', '.join(sorted(unknown))}", hint="train again"
            )
        groups = tuple(
            known[name].restored(told, group_of(arrays, name))
            for name, told in manifest["groups"].items()
        )
        return cls(groups, wanted=tuple(manifest["names"]))


def _used(
    groups: tuple[FeatureGroup, ...], wanted: tuple[str, ...] | None
) -> tuple[FeatureGroup, ...]:
    if wanted is None:
        return groups
    return tuple(g for g in groups if any(feature.name in wanted for feature in g.features))
