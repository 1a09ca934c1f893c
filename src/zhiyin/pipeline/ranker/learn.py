"""How ``auto`` learns a ranker, and whether it keeps it.

The retrievers learned from the events that validation left them; the ranker learns from the
held-out events, which they have not seen. Users fall into folds; each fold is ranked by a
scorer that learned from the others, and on all of them together the ranker must beat the
blend beyond chance. The scorer that serves learns from all folds.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.candidates import Queries
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.metrics import Hits, ndcg
from zhiyin.core.progress import Progress
from zhiyin.core.protocols import RankingData, Scorer
from zhiyin.core.registry import RANKERS, load
from zhiyin.core.rng import derive_rng
from zhiyin.core.topk import bar, chunks
from zhiyin.models.content.bridge import ContentBridge
from zhiyin.models.hybrid.blend import Blend
from zhiyin.pipeline.ranker.stage import BLEND, RankerStage, asked_for
from zhiyin.ranking.features import Asked, FeatureSet, Known

_CHUNK_BYTES = 64 * 2**20
_BLOCK = 256
"""Queries whose features are computed together."""


class ScorerChoice(Config):
    """A scorer that is tried."""

    name: str
    """Registered name."""
    settings: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Its settings."""
    from_queries: int = 0
    """It needs at least so many queries with a held-out item among the candidates,"""
    to_queries: int = 2**31
    """and at most so many."""


_MANY = 2_000
"""Queries from which trees have 15 leaves, not 7."""
_TREES: dict[str, Any] = {
    "trees": 100,
    "learning_rate": 0.07,
    "min_rows": 40,
    "l2": 5.0,
    "feature_share": 0.5,
    "bins": 63,
    "threads": 1,
}
"""Small enough for 500 candidates in a few milliseconds, and for a few hundred queries."""


class RankerRecipe(Config):
    """How a ranker is learned."""

    scorers: tuple[ScorerChoice, ...] = (
        ScorerChoice(name="linear"),
        ScorerChoice(name="lambdarank", settings={**_TREES, "leaves": 7}, to_queries=_MANY - 1),
        ScorerChoice(name="lambdarank", settings={**_TREES, "leaves": 15}, from_queries=_MANY),
    )
    """What is tried, the cheapest first; the best one by folds is kept."""
    users_per_second: float = 100.0
    """Queries to learn from, for each second that there is."""
    users: int = 6_000
    """Queries to learn from, at most."""
    candidates: int = 200
    """Candidates of a query that are put in order."""
    learned: int = 100
    """Candidates of a query that are learned from."""
    folds: int = 4
    """Parts of the users."""
    weights: tuple[float, ...] = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
    """Weights that the scorer may have beside the blend, in its own standard deviations."""
    least: int = 200
    """Queries with a held-out item among the candidates that learning needs."""
    certainty: float = 1.96
    """Standard errors that the gain must exceed."""


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Candidates of queries whose next items are known.

    Attributes:
        asked: The candidates, best by the blend first.
        hits: Which of them were held out, bool of shape (q, c).
        held: Held-out items of each query, int64 of shape (q,).
    """

    asked: Asked
    hits: NDArray[np.bool_]
    held: NDArray[np.int64]


def lessons(
    blend: Blend,
    bridge: ContentBridge | None,
    train: Histories,
    truth: Histories,
    *,
    recipe: RankerRecipe,
    deadline: Deadline,
    seed: int,
) -> Lessons | None:
    """The candidates of a sample of users, and which of them were held out.

    Args:
        blend: The chosen members, fitted on ``train``, with their weights.
        bridge: Content beside them, fitted on ``train``; None for none.
        train: The events that retrievers saw, a row per user.
        truth: The held-out events, the same rows.
        recipe: How many users and candidates.
        deadline: Further users are left out when half of it has passed.
        seed: Seed of the sample.
    """
    able = np.flatnonzero((truth.lengths > 0) & (train.lengths > 0))
    rng = derive_rng(seed, "ranker")
    most = min(recipe.users, int(recipe.users_per_second * max(0.0, deadline.left)))
    sample = rng.permutation(able)[:most]
    c = min(recipe.learned, train.n_items)
    stop = Deadline(deadline.left / 2)
    found: list[tuple[Asked, NDArray[np.bool_], NDArray[np.int64]]] = []
    width = train.n_items * (2 + len(blend.members))
    for part in chunks(len(sample), width=width, budget_bytes=_CHUNK_BYTES):
        if stop.left <= 0:
            break
        rows = sample[part]
        queries = Queries(train.take(rows), rows.astype(np.int32))
        parts: dict[str, Floats] = {}
        scores = blend.score(queries, keep=parts)
        if bridge is not None:
            scores = bridge.apply(queries.histories, scores)
        bar(scores, queries.histories)
        items = np.argpartition(-scores, c - 1, axis=1)[:, :c].astype(np.int32)
        best = np.take_along_axis(scores, items, axis=1)
        order = np.argsort(-best, axis=1, kind="stable")
        items = np.take_along_axis(items, order, axis=1)
        best = np.take_along_axis(best, order, axis=1)
        items[~np.isfinite(best)] = -1
        wanted = truth.take(rows)
        hit = np.zeros((len(rows), train.n_items), dtype=np.bool_)
        hit[wanted.rows, wanted.items] = True
        hits = np.take_along_axis(hit, np.maximum(items, 0), axis=1) & (items >= 0)
        found.append((asked_for(queries, items, best, parts), hits, wanted.lengths))
    if not found:
        return None
    return Lessons(
        _joined([asked for asked, _, _ in found]),
        np.concatenate([hits for _, hits, _ in found]),
        np.concatenate([held for _, _, held in found]),
    )


def learn_ranker(
    found: Lessons,
    known: Known,
    *,
    k: int,
    recipe: RankerRecipe,
    deadline: Deadline,
    seed: int,
    progress: Progress,
) -> tuple[RankerStage | None, dict[str, Any]]:
    """Learns a ranker; None where it does not beat the blend.

    Args:
        found: From `lessons`.
        known: What the features learn from: the events that retrievers saw.
        k: Cut-off of the goal, NDCG@k.
        recipe: How it is learned.
        deadline: For all of it.
        seed: Seed of every draw.
        progress: Told how far it has come, from 0 to 1.

    Returns:
        The ranker, and the report of its trial.
    """
    useful = int(found.hits.any(axis=1).sum())
    told: dict[str, Any] = {"queries": len(found.hits), "useful": useful, "trials": []}
    if useful < recipe.least:
        return None, told | {"kept": False, "why": "too few held-out items among the candidates"}
    features = FeatureSet.learn(known)
    rows = _features(features, found.asked)
    data = _ranking_data(rows, found, features.names)
    folds = derive_rng(seed, "folds").integers(recipe.folds, size=len(found.hits))
    best: tuple[ScorerChoice, dict[str, Any]] | None = None
    fitting = [c for c in recipe.scorers if c.from_queries <= useful <= c.to_queries]
    tried = [choice for choice in fitting if not _missing(choice)]
    for at, choice in enumerate(tried):
        progress(f"learning to rank: {choice.name}", at / len(tried))
        clock = time.monotonic()
        scores = _by_folds(choice, data, found, folds, deadline=deadline, seed=seed)
        if scores is None:
            told["trials"].append({"scorer": choice.name, "why": "no time left in the budget"})
            break
        judged = _judged(found, scores, k=k, recipe=recipe)
        judged = {"scorer": choice.name, **judged, "s": round(time.monotonic() - clock, 2)}
        told["trials"].append(judged)
        if judged["kept"] and (best is None or judged["ranker"] > best[1]["ranker"]):
            best = choice, judged
    if best is None:
        return None, told | {"kept": False, "why": "it does not beat the blend beyond chance"}
    choice, judged = best
    stage = _fitted(choice, data, found, features, judged["weight"], recipe, deadline, seed)
    importances = sorted(stage.scorer.importances().items(), key=lambda pair: -abs(pair[1]))
    told["importances"] = {name: round(share, 4) for name, share in importances}
    return stage, told | {"kept": True, "scorer": choice.name}


def _by_folds(
    choice: ScorerChoice,
    data: RankingData,
    found: Lessons,
    folds: NDArray[np.integer],
    *,
    deadline: Deadline,
    seed: int,
) -> Floats | None:
    """What scorers that have not seen a query say of it, (q, c); None where time ran out."""
    scores = np.zeros(found.hits.shape, dtype=np.float32)
    n_folds = int(folds.max()) + 1
    for fold in range(n_folds):
        started = deadline.left
        mine = folds == fold
        scorer = _scorer(choice, data.take(~mine), deadline, seed)
        part = np.zeros((int(mine.sum()), found.asked.shape[1]), dtype=np.float32)
        part[found.asked.present[mine]] = scorer.score(data.take(mine).features)
        scores[mine] = part
        if deadline.left < (started - deadline.left) * (n_folds - fold):  # and the final fit
            return None
    return scores


def _fitted(
    choice: ScorerChoice,
    data: RankingData,
    found: Lessons,
    features: FeatureSet,
    weight: float,
    recipe: RankerRecipe,
    deadline: Deadline,
    seed: int,
) -> RankerStage:
    """The ranker over all queries, without the features that its scorer does not use."""
    scorer = _scorer(choice, data, deadline, seed)
    used = frozenset(name for name, share in scorer.importances().items() if share)
    if used and len(used) < len(features.names):
        features = features.keeping(used)
        rows = data.features[:, [name in used for name in data.names]]
        scorer = _scorer(choice, _ranking_data(rows, found, features.names), deadline, seed)
    return RankerStage(choice.name, scorer, features, weight=weight, candidates=recipe.candidates)


def _missing(choice: ScorerChoice) -> bool:
    """Whether a scorer needs an extra that is not installed."""
    return choice.name not in ("linear", "logistic") and not find_spec("lightgbm")


def gains(
    hits: NDArray[np.bool_], held: NDArray[np.int64], scores: Floats, *, k: int
) -> NDArray[np.float64]:
    """NDCG@k of each query by these scores, shape (q,); items beyond the candidates are lost."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return ndcg(Hits(np.take_along_axis(hits, order, axis=1), held), k)


def _judged(found: Lessons, scores: Floats, *, k: int, recipe: RankerRecipe) -> dict[str, Any]:
    """The best weight beside the blend, and whether the gain is beyond chance."""
    blend = np.where(found.asked.present, found.asked.sources[BLEND], -np.inf)
    before = gains(found.hits, found.held, blend, k=k)
    unit = float(blend[np.isfinite(blend)].std()) / max(1e-9, float(scores.std()))
    best, weight = before, 0.0
    for share in recipe.weights:
        after = gains(found.hits, found.held, blend + np.float32(share * unit) * scores, k=k)
        if after.mean() > best.mean():
            best, weight = after, share * unit
    gain = best - before
    error = float(gain.std(ddof=1)) / np.sqrt(len(gain))
    kept = bool(weight and gain.mean() > recipe.certainty * error)
    return {
        "goal": f"ndcg@{k}",
        "blend": round(float(before.mean()), 5),
        "ranker": round(float(best.mean()), 5),
        "standard_error": round(float(error), 5),
        "weight": round(weight, 4),
        "kept": kept,
    }


def _scorer(choice: ScorerChoice, data: RankingData, deadline: Deadline, seed: int) -> Scorer:
    cls = load(RANKERS, choice.name)
    scorer = cls(cls.Config(**choice.settings))
    return scorer.fit(data, rng=derive_rng(seed, "scorer"), deadline=Deadline(deadline.left))


def _features(features: FeatureSet, asked: Asked) -> Floats:
    parts = [
        features.compute(asked.take(slice(start, start + _BLOCK)))
        for start in range(0, len(asked.items), _BLOCK)
    ]
    return np.concatenate(parts)


def _ranking_data(rows: Floats, found: Lessons, names: tuple[str, ...]) -> RankingData:
    present = found.asked.present
    indptr = np.concatenate([[0], np.cumsum(present.sum(axis=1))]).astype(np.int64)
    return RankingData(rows, found.hits[present].astype(np.float32), indptr, names)


def _joined(parts: Sequence[Asked]) -> Asked:
    """Queries of several batches as one."""
    histories = [part.histories for part in parts]
    lengths = np.concatenate([each.lengths for each in histories])
    times = [each.times for each in histories if each.times is not None]
    return Asked(
        Histories(
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            np.concatenate([each.items for each in histories]),
            np.concatenate([each.weights for each in histories]),
            histories[0].n_items,
            np.concatenate(times) if times else None,
            histories[0].ordered,
        ),
        np.concatenate([part.items for part in parts]),
        {name: np.concatenate([p.sources[name] for p in parts]) for name in parts[0].sources},
        None
        if parts[0].now is None
        else np.concatenate([p.now for p in parts if p.now is not None]),
    )
