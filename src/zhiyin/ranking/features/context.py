"""When and where the query is asked, and how the candidate was shown before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays
from zhiyin.ranking.features.asked import Asked
from zhiyin.ranking.features.feature import Feature, Known


class ContextFeatures:
    """What is the same for all candidates of a query; trees combine it with the others.

    Args:
        times: Whether moments are known.
        names: Further facts of the query: surface, device, place, …, as numbers.
    """

    group: ClassVar[str] = "context"

    def __init__(self, names: tuple[str, ...], *, times: bool) -> None:
        self._names = names
        self._times = times

    @classmethod
    def learn(cls, known: Known) -> Self | None:
        """See `FeatureGroup.learn`."""
        times = known.histories.times is not None
        return cls(known.context, times=times) if times or known.context else None

    @property
    def features(self) -> tuple[Feature, ...]:
        """See `FeatureGroup.features`."""
        found = [Feature(name, "code", f"{name} of the query") for name in self._names]
        if self._times:
            found.append(Feature("hour", "0..23, UTC", "hour of the query"))
            found.append(Feature("weekday", "0 Monday .. 6", "day of the week of the query"))
        return tuple(found)

    def compute(self, asked: Asked, wanted: frozenset[str]) -> dict[str, Floats]:
        """See `FeatureGroup.compute`."""
        q, _ = asked.shape
        unknown = np.full(q, np.nan, dtype=np.float32)
        columns = {name: asked.context.get(name, unknown) for name in self._names}
        if self._times:
            hours, days = unknown, unknown
            if asked.now is not None:
                hours = (asked.now // 3_600_000 % 24).astype(np.float32)
                days = ((asked.now // 86_400_000 + 3) % 7).astype(np.float32)
            columns |= {"hour": hours, "weekday": days}
        return {
            name: np.broadcast_to(values[:, None], asked.shape) for name, values in columns.items()
        }

    def state(self) -> Arrays:
        """See `FeatureGroup.state`."""
        return {}

    def manifest(self) -> dict[str, Any]:
        """See `FeatureGroup.manifest`."""
        return {"names": list(self._names), "times": self._times}

    @classmethod
    def restored(cls, manifest: Mapping[str, Any], arrays: Arrays) -> Self:
        """See `FeatureGroup.restored`."""
        return cls(tuple(manifest["names"]), times=bool(manifest["times"]))


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
            Feature("place", "log2(places)", "where it was shown; the first when serving"),
            Feature("fatigue", "log(1 + times)", "shown to this user before, without an answer"),
        )

    def compute(self, asked: Asked, wanted: frozenset[str]) -> dict[str, Floats]:
        """See `FeatureGroup.compute`."""
        nothing = np.zeros(asked.shape, dtype=np.float32)
        places = nothing if asked.places is None else np.log2(np.maximum(asked.places, 1))
        shown = nothing if asked.shown is None else np.log1p(asked.shown)
        return {"place": places.astype(np.float32), "fatigue": shown.astype(np.float32)}

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
