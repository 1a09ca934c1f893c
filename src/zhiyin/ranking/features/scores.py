"""What the retrievers say, each by itself: standardised score and rank among the candidates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays
from zhiyin.ranking.features.asked import Asked
from zhiyin.ranking.features.feature import Feature, Known


class ScoreFeatures:
    """Scores and ranks by source.

    Args:
        sources: Names of the retrievers.
    """

    group: ClassVar[str] = "retrievers"

    def __init__(self, sources: tuple[str, ...]) -> None:
        self.sources = sources

    @classmethod
    def learn(cls, known: Known) -> Self:
        """See `FeatureGroup.learn`."""
        return cls(known.sources)

    @property
    def features(self) -> tuple[Feature, ...]:
        """See `FeatureGroup.features`."""
        found: list[Feature] = []
        for source in self.sources:
            deviations = "standard deviations over the catalogue"
            found.append(Feature(f"score {source}", deviations, f"what {source} says"))
            found.append(
                Feature(f"rank {source}", "log2(1 + places)", f"place by {source} alone, 0 first")
            )
            found.append(
                Feature(f"gap {source}", deviations, f"how far behind the best of {source}")
            )
        return tuple(found)

    def compute(self, asked: Asked, wanted: frozenset[str]) -> dict[str, Floats]:
        """See `FeatureGroup.compute`."""
        present, found = asked.present, dict[str, Floats]()
        whole = bool(present.all())
        for source in self.sources:
            scores = asked.sources.get(source)
            if scores is None:
                scores = np.full(asked.items.shape, np.nan, dtype=np.float32)
            elif not whole:
                scores = np.where(present, scores, np.float32(np.nan))
            found[f"score {source}"] = scores
            if f"gap {source}" in wanted:
                best = np.fmax.reduce(scores, axis=1, keepdims=True, initial=-np.inf)
                best[best == -np.inf] = np.nan
                found[f"gap {source}"] = best - scores
            if f"rank {source}" in wanted:
                found[f"rank {source}"] = _ranks(scores)
        return found

    def state(self) -> Arrays:
        """See `FeatureGroup.state`."""
        return {}

    def manifest(self) -> dict[str, Any]:
        """See `FeatureGroup.manifest`."""
        return {"sources": list(self.sources)}

    @classmethod
    def restored(cls, manifest: Mapping[str, Any], arrays: Arrays) -> Self:
        """See `FeatureGroup.restored`."""
        return cls(tuple(manifest["sources"]))


def _ranks(scores: Floats) -> Floats:
    """log2(1 + how many candidates have a higher score), NaN where there is no score."""
    order = np.argsort(-scores, axis=1, kind="stable")  # NaN comes last
    order += np.arange(len(scores))[:, None] * scores.shape[1]
    falling = scores.ravel()[order]
    steps = np.arange(falling.shape[1], dtype=np.int64)[None, :]
    begins = np.ones(scores.shape, dtype=np.bool_)
    begins[:, 1:] = falling[:, 1:] != falling[:, :-1]
    above = np.maximum.accumulate(np.where(begins, steps, 0), axis=1)
    ranks = np.empty(scores.shape, dtype=np.float32)
    ranks.ravel()[order] = np.log2(1 + above).astype(np.float32)
    ranks[np.isnan(scores)] = np.nan
    return ranks
