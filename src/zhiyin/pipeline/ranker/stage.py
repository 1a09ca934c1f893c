"""The stage between candidates and the slate: features, a scorer, and how much it counts."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any, Self

import numpy as np

from zhiyin.core.candidates import Candidates, Queries
from zhiyin.core.errors import ArtifactError
from zhiyin.core.histories import Floats
from zhiyin.core.named_arrays import group_of, under
from zhiyin.core.protocols import Arrays, Scorer
from zhiyin.core.registry import RANKERS, load
from zhiyin.core.topk import bar, chunks
from zhiyin.ranking.features import Asked, FeatureSet, last_times

BLEND = "blend"
"""Name of the source that is all retrievers together."""
RANKER = "ranker"
"""Name of what the scorer adds."""
_CHUNK_BYTES = 64 * 2**20


class RankerStage:
    """Puts the best candidates of the retrievers in order.

    A candidate's score is what the blend says, plus ``weight`` times what the scorer says.

    Args:
        name: Registered name of the scorer.
        scorer: The fitted scorer.
        features: What it reads.
        weight: How much it counts beside the blend.
        candidates: How many of each query's candidates are put in order.
    """

    def __init__(
        self, name: str, scorer: Scorer, features: FeatureSet, *, weight: float, candidates: int
    ) -> None:
        self.name = name
        self.scorer = scorer
        self.features = features
        self.weight = weight
        self.candidates = candidates

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the retrievers that the features speak of, the blend first."""
        return self.features.sources

    def weighed(self, weight: float) -> Self:
        """The same scorer, counting otherwise beside the blend."""
        twin = copy(self)
        twin.weight = weight
        return twin

    def rank(self, asked: Asked) -> Floats:
        """Scores of candidates, float32 of shape (q, c), -inf where there is none."""
        scores = np.where(asked.present, asked.sources[BLEND], np.float32(-np.inf))
        told = self.scorer.score(self.features.compute(asked))
        scores[asked.present] += np.float32(self.weight) * told
        return scores

    def order(
        self,
        found: Candidates,
        queries: Queries,
        *,
        now: int,
        context: Mapping[str, Any] | None = None,
        shown: Floats | None = None,
    ) -> Candidates:
        """The candidates of one query in the ranker's order; those beyond its number follow.

        Args:
            found: Best by the blend first, with what each retriever says as columns.
            queries: Who asks: one.
            now: When, in milliseconds.
            context: What the moment is like; None where nothing is told.
            shown: How often each candidate was shown without an answer, shape (1, n).

        Returns:
            With the further columns "blend", what the retrievers together say, and "ranker",
            what was added to that.
        """
        first = slice(0, self.candidates)
        asked = asked_now(found, queries, self.candidates, now=now, context=context, shown=shown)
        scores = found.scores.copy()
        scores[:, first] = self.rank(asked)
        rest = found.scores[:, self.candidates :]
        if rest.size:
            present = asked.present
            lowest = scores[:, first].min(initial=np.inf, where=present)
            scores[:, first] += max(0.0, float(rest.max() - lowest))
        placed = np.argsort(-scores, axis=1, kind="stable")
        added = np.where(np.isfinite(scores), scores, 0) - np.where(
            np.isfinite(scores), found.scores, 0
        )
        columns = {**found.columns, BLEND: found.scores, RANKER: added}
        return Candidates(
            np.take_along_axis(found.items, placed, axis=1),
            np.take_along_axis(scores, placed, axis=1),
            {name: np.take_along_axis(column, placed, axis=1) for name, column in columns.items()},
        )

    def apply(self, queries: Queries, scores: Floats, parts: Mapping[str, Floats]) -> Floats:
        """Whole rows of scores with the best unseen candidates in the ranker's order.

        For evaluation and batches. The candidates of a query stay above all its other items.

        Args:
            queries: Who asks; each is taken to ask just after the last event of its history.
            scores: What the blend says, float32 of shape (q, n); overwritten.
            parts: What each retriever says, by name, each of shape (q, n).

        Returns:
            ``scores``.
        """
        width = scores.shape[1] + self.candidates * (len(self.features.names) + 8)
        for part in chunks(len(queries), width=width, budget_bytes=_CHUNK_BYTES):
            some = {name: values[part] for name, values in parts.items()}
            self._reorder(queries.take(part), scores[part], some)
        return scores

    def _reorder(self, queries: Queries, scores: Floats, parts: Mapping[str, Floats]) -> None:
        """`apply` for a few queries; ``scores`` is a view that is written to."""
        open_scores = scores.copy()
        bar(open_scores, queries.histories)
        c = min(self.candidates, scores.shape[1])
        items = np.argpartition(-open_scores, c - 1, axis=1)[:, :c].astype(np.int32)
        blend = np.take_along_axis(open_scores, items, axis=1)
        np.put_along_axis(open_scores, items, -np.inf, axis=1)
        below = open_scores.max(axis=1)
        items[~np.isfinite(blend)] = -1
        asked = asked_for(queries, items, blend, parts)
        ranked = self.rank(asked)
        lowest = np.where(asked.present, ranked, np.inf).min(axis=1, initial=np.inf)
        lift = np.where(lowest < below, below - lowest, 0) * np.float32(1.001)
        rows, places = np.nonzero(asked.present)
        scores[rows, items[rows, places]] = (ranked + lift[:, None])[rows, places]

    def manifest(self) -> dict[str, Any]:
        """Everything that is not an array."""
        return {
            "scorer": self.name,
            "config": self.scorer.config.model_dump(mode="json"),
            "features": self.features.manifest(),
            "weight": self.weight,
            "candidates": self.candidates,
        }

    def arrays(self) -> Arrays:
        """Every array, by path."""
        return under("scorer", self.scorer.state()) | under("features", self.features.state())

    @classmethod
    def restored(cls, manifest: Mapping[str, Any], arrays: Arrays) -> Self:
        """The inverse of `manifest` and `arrays`.

        Raises:
            ArtifactError: Features and scorer do not fit each other.
        """
        scorer_class = load(RANKERS, manifest["scorer"])
        scorer: Scorer = scorer_class(scorer_class.Config.model_validate(manifest["config"]))
        scorer.restore(group_of(arrays, "scorer"))
        features = FeatureSet.restored(manifest["features"], group_of(arrays, "features"))
        if features.names != scorer.names:
            raise ArtifactError("the ranker and its features do not fit", hint="train again")
        return cls(
            manifest["scorer"],
            scorer,
            features,
            weight=float(manifest["weight"]),
            candidates=int(manifest["candidates"]),
        )


def asked_now(
    found: Candidates,
    queries: Queries,
    few: int,
    *,
    now: int,
    context: Mapping[str, Any] | None,
    shown: Floats | None,
) -> Asked:
    """The first few candidates of one query, as asked at a moment; see `RankerStage.order`."""
    first = slice(0, few)
    sources = {name: values[:, first] for name, values in found.columns.items()}
    return Asked(
        queries.histories,
        found.items[:, first],
        {BLEND: found.scores[:, first], **sources},
        None if queries.histories.times is None else np.array([now], dtype=np.int64),
        shown=None if shown is None else shown[:, first],
        context=() if context is None else (context,),
    )


def asked_for(
    queries: Queries,
    items: np.ndarray[Any, Any],
    blend: Floats,
    parts: Mapping[str, Floats],
    *,
    contexts: tuple[Mapping[str, Any], ...] = (),
) -> Asked:
    """Candidates of queries that were asked just after the last event of each history.

    Args:
        queries: Who asks.
        items: int32 of shape (q, c), -1 for none.
        blend: What all retrievers together say of them, shape (q, c).
        parts: What each says of the whole catalogue, each of shape (q, n).
        contexts: What each query told of its moment; empty for nothing.
    """
    sources = {BLEND: blend}
    for name, values in parts.items():
        sources[name] = at_items(values, items)
    moments = last_times(queries.histories)
    return Asked(queries.histories, items, sources, moments, context=contexts)


def at_items(values: Floats, items: np.ndarray[Any, Any]) -> Floats:
    """Columns of (q, n) values at items of shape (q, c); NaN for none, and beyond the end."""
    inside = (items >= 0) & (items < values.shape[1])
    found = np.take_along_axis(values, np.where(inside, items, 0), axis=1)
    return found if inside.all() else np.where(inside, found, np.float32(np.nan))
