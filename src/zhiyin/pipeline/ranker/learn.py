"""How ``auto`` learns a ranker, and whether it keeps it.

The retrievers learned from the events that validation left them; the ranker learns from the
held-out events, which they have not seen. Users fall into folds; each fold is ranked by a
scorer that learned from the others, and on all of them together the ranker must beat the
blend beyond chance. The scorer that serves learns from all folds.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from zhiyin.pipeline.ranker.fatigue import Showings
from zhiyin.pipeline.ranker.lessons import Lessons, joined, together
from zhiyin.pipeline.ranker.settings import RankerSettings
from zhiyin.pipeline.ranker.stage import BLEND, RankerStage, asked_for
from zhiyin.ranking.features import FeatureSet, Known

_CHUNK_BYTES = 64 * 2**20


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


class RankerRecipe(RankerSettings):
    """How a ranker is learned: what the owner says, and the rest."""

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

    @property
    def choices(self) -> tuple[ScorerChoice, ...]:
        """What is tried for the objective; all that are trees grow alike."""
        if self.objective in ("auto", "off"):
            return self.scorers if self.objective == "auto" else ()
        kind = "linear" if self.objective == "linear" else "lambdarank"
        alike = (choice for choice in self.scorers if choice.name == kind)
        return tuple(choice.model_copy(update={"name": self.objective}) for choice in alike)


def lessons(
    blend: Blend,
    bridge: ContentBridge | None,
    train: Histories,
    truth: Histories,
    *,
    recipe: RankerRecipe,
    deadline: Deadline,
    seed: int,
    contexts: Sequence[Mapping[str, Any]] | None = None,
    showings: Showings | None = None,
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
        contexts: What each row told of the moment of its held-out event; None for nothing.
        showings: What users were shown; None where that is not looked at.
    """
    able = np.flatnonzero((truth.lengths > 0) & (train.lengths > 0))
    rng = derive_rng(seed, "ranker")
    most = min(recipe.users, int(recipe.users_per_second * max(0.0, deadline.left)))
    sample = rng.permutation(able)[:most]
    c = min(recipe.learned, train.n_items)
    stop = Deadline(deadline.left / 2)
    found: list[Lessons] = []
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
        users: list[int] = rows.tolist()
        told = () if contexts is None else tuple(contexts[user] for user in users)
        asked = asked_for(queries, items, best, parts, contexts=told)
        if showings is not None and asked.now is not None:
            shown = showings.unanswered(rows, asked.histories, items, asked.now)
            asked = replace(asked, shown=shown)
        found.append(Lessons(asked, hits, wanted.lengths, rows))
    return joined(found) if found else None


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Lessons with their features, and who is taught by which.

    Attributes:
        found: The candidates.
        features: What is computed of them.
        data: The same as rows.
        folds: The fold of each query, int64 of shape (q,).
        shown: Slates that were shown, where they teach, too.
        slates: The same as rows.
        slate_folds: The fold of each of them: that of its user.
    """

    found: Lessons
    features: FeatureSet
    data: RankingData
    folds: NDArray[np.int64]
    shown: Lessons | None = None
    slates: RankingData | None = None
    slate_folds: NDArray[np.int64] | None = None

    @property
    def useful(self) -> int:
        """Queries with a held-out item among the candidates."""
        return int(self.found.hits.any(axis=1).sum())

    def outside(self, fold: int) -> RankingData:
        """What a scorer learns from that is asked about a fold."""
        slates = self.slates
        if slates is not None and self.slate_folds is not None:
            slates = slates.take(self.slate_folds != fold)
        return together(self.data.take(self.folds != fold), slates)

    def everything(self) -> RankingData:
        """What a scorer learns from that is asked about anybody."""
        return together(self.data, self.slates)

    def keeping(self, used: frozenset[str]) -> Course:
        """With only some of the features."""
        kept = [name in used for name in self.data.names]
        features = self.features.keeping(used)
        slates = self.slates
        if self.shown is not None and slates is not None:
            slates = self.shown.data(slates.features[:, kept], features.names)
        data = self.found.data(self.data.features[:, kept], features.names)
        return replace(self, features=features, data=data, slates=slates)


def course_of(
    found: Lessons, known: Known, *, slates: Lessons | None, recipe: RankerRecipe, seed: int
) -> Course:
    """Computes the features of lessons, and divides the users.

    Args:
        found: From `lessons`.
        known: What the features learn from: the events that retrievers saw.
        slates: From `zhiyin.pipeline.ranker.impressions`, where there are enough.
        recipe: How many folds.
        seed: Seed of the folds.
    """
    features = FeatureSet.learn(known)
    data = found.data(found.described(features), features.names)
    folds = derive_rng(seed, "folds").integers(recipe.folds, size=len(found.hits))
    course = Course(found, features, data, folds)
    if slates is None:
        return course
    most = int(max(found.users.max(initial=0), slates.users.max(initial=0))) + 1
    of_user = derive_rng(seed, "folds of slates").integers(recipe.folds, size=most)
    of_user[found.users] = folds
    rows = slates.data(slates.described(features), features.names)
    return replace(course, shown=slates, slates=rows, slate_folds=of_user[slates.users])


def learn_ranker(
    course: Course,
    *,
    k: int,
    recipe: RankerRecipe,
    deadline: Deadline,
    seed: int,
    progress: Progress,
) -> tuple[RankerStage | None, dict[str, Any]]:
    """Learns a ranker; None where it does not beat the blend.

    Args:
        course: From `course_of`.
        k: Cut-off of the goal, NDCG@k.
        recipe: How it is learned.
        deadline: For all of it.
        seed: Seed of every draw.
        progress: Told how far it has come, from 0 to 1.

    Returns:
        The ranker, and the report of its trial.
    """
    found, useful = course.found, course.useful
    told: dict[str, Any] = {"queries": len(found.hits), "useful": useful, "trials": []}
    if course.slates is not None:
        told["slates"] = len(course.slates)
    if recipe.objective == "off":
        return None, told | {"kept": False, "why": "[ranker] objective is off"}
    if useful < recipe.least:
        return None, told | {"kept": False, "why": "too few held-out items among the candidates"}
    best: tuple[ScorerChoice, dict[str, Any]] | None = None
    fitting = [c for c in recipe.choices if c.from_queries <= useful <= c.to_queries]
    tried = [choice for choice in fitting if not missing(choice)]
    for at, choice in enumerate(tried):
        progress(f"learning to rank: {choice.name}", at / len(tried))
        clock = time.monotonic()
        scores = _by_folds(choice, course, deadline=deadline, seed=seed)
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
    stage = _fitted(choice, course, judged["weight"], recipe, deadline, seed)
    importances = sorted(stage.scorer.importances().items(), key=lambda pair: -abs(pair[1]))
    told["importances"] = {name: round(share, 4) for name, share in importances}
    return stage, told | {"kept": True, "scorer": choice.name}


def _by_folds(
    choice: ScorerChoice,
    course: Course,
    *,
    deadline: Deadline,
    seed: int,
) -> Floats | None:
    """What scorers that have not seen a query say of it, (q, c); None where time ran out."""
    found, data, folds = course.found, course.data, course.folds
    scores = np.zeros(found.hits.shape, dtype=np.float32)
    n_folds = int(folds.max()) + 1
    for fold in range(n_folds):
        started = deadline.left
        mine = folds == fold
        scorer = fitted_scorer(choice, course.outside(fold), deadline, seed)
        part = np.zeros((int(mine.sum()), found.asked.shape[1]), dtype=np.float32)
        part[found.asked.present[mine]] = scorer.score(data.take(mine).features)
        scores[mine] = part
        if deadline.left < (started - deadline.left) * (n_folds - fold):  # and the final fit
            return None
    return scores


def _fitted(
    choice: ScorerChoice,
    course: Course,
    weight: float,
    recipe: RankerRecipe,
    deadline: Deadline,
    seed: int,
) -> RankerStage:
    """The ranker over all queries, without the features that its scorer does not use."""
    scorer = fitted_scorer(choice, course.everything(), deadline, seed)
    used = frozenset(name for name, share in scorer.importances().items() if share)
    if used and len(used) < len(course.features.names):
        course = course.keeping(used)
        scorer = fitted_scorer(choice, course.everything(), deadline, seed)
    return RankerStage(
        choice.name, scorer, course.features, weight=weight, candidates=recipe.candidates
    )


def missing(choice: ScorerChoice) -> bool:
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


def fitted_scorer(choice: ScorerChoice, data: RankingData, deadline: Deadline, seed: int) -> Scorer:
    """A scorer of a choice, fitted."""
    cls = load(RANKERS, choice.name)
    scorer = cls(cls.Config(**choice.settings))
    return scorer.fit(data, rng=derive_rng(seed, "scorer"), deadline=Deadline(deadline.left))
