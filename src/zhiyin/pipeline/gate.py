"""The evaluation gate: a new model serves if it is no worse than the one that does.

What is held out is the newest item of some users, taken up after the serving model was
trained: neither model has learned from it. Both are asked for it with the same histories and
among the items that both know. Where too little came since, the serving model knows the
answers; then popularity, trained on what the new model saw, is the mark to reach.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import Queries
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.core.rng import derive_rng
from zhiyin.data.dataset import Dataset
from zhiyin.data.splits import Fold, fold
from zhiyin.evaluation.scoring import Catalogue, evaluate_scorer
from zhiyin.pipeline.measuring import describe
from zhiyin.pipeline.trained import Trained

METRIC = "ndcg@10"
"""What is compared."""
_LEAST_USERS = 20
_SHARE = 0.1
_SURE = 1.645
"""Standard errors below zero that count as worse: 95 %, one-sided."""


class Verdict(Config):
    """What the gate measured, and what it says."""

    passed: bool
    """Whether the new model may serve."""
    metric: str = METRIC
    """What was compared."""
    new: float
    """The new model's figure."""
    mark: float
    """The figure that it is held against."""
    beside: str
    """Whose figure that is: the serving version, or "popularity"."""
    users: int
    """Users whose newest item was asked for."""
    lost: float
    """Mean loss per user, new below mark; negative for a gain."""
    error: float
    """Standard error of that mean."""
    told: str
    """The verdict in a sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What a new model learns from, and what it is then asked.

    Attributes:
        known: The data set without what is held out.
        parts: Histories before, and what is to be found.
        fresh: Whether the serving model has not seen what is held out.
    """

    known: Dataset
    parts: Fold
    fresh: bool


def hold_back(
    dataset: Dataset, serving: Trained | None, *, most_users: int, seed: int
) -> Trial | None:
    """Takes the newest liked item of some users out of the data.

    Args:
        dataset: Everything known.
        serving: The model that serves; None: there is none, and nothing to hold back for.
        most_users: How many users at most.
        seed: Seed of their choice.

    Returns:
        None where too few users could be asked.
    """
    if serving is None:
        return None
    histories = dataset.histories
    ends = histories.indptr[1:] - 1
    long = np.flatnonzero(histories.lengths >= 2)
    long = long[histories.weights[ends[long]] > 0]
    before = serving.users.locate(dataset.users.keys)
    seen = np.append(serving.histories.lengths, 0)[before]
    asked = long[histories.lengths[long] > seen[long]]
    fresh = len(asked) >= _LEAST_USERS
    asked = asked if fresh else long
    if len(asked) < _LEAST_USERS:
        return None
    most = max(_LEAST_USERS, min(most_users, int(_SHARE * len(dataset.users))))
    rng = derive_rng(seed, "gate")
    asked = np.sort(rng.permutation(asked)[:most])
    held = np.zeros(len(histories.items), dtype=np.bool_)
    held[ends[asked]] = True
    parts = fold(histories, held)
    if int((parts.test.lengths > 0).sum()) < _LEAST_USERS // 2:
        return None
    return Trial(dataset.without(held, parts.train), parts, fresh)


def judge(
    trial: Trial, new: Trained, serving: Trained, *, version: str, tolerance: float, seed: int
) -> Verdict:
    """Compares a new model with the one that serves.

    It is refused where it loses more than the tolerance, and surely more than nothing.

    Args:
        trial: From `hold_back`.
        new: Trained on the trial's data.
        serving: What serves now.
        version: Its name.
        tolerance: Part of the mark that may be lost.
        seed: Seed of popularity's tie-breaking.
    """
    known = trial.known
    queries = Queries(trial.parts.train, np.full(len(known.users), -1, np.int32), known.as_of)
    catalogue = describe(known)
    shared = serving.items.locate(known.items.keys) >= 0
    test = _among(trial.parts.test, shared)
    found = _measure(new.score, queries, test, catalogue, shared)
    if trial.fresh:
        beside, mark = (
            version,
            _measure(_translated(serving, known), queries, test, catalogue, shared),
        )
    else:
        cls: Any = load(RETRIEVERS, "popularity")
        popularity = cls(cls.Config()).fit(
            known.training_data(), rng=derive_rng(seed, "gate"), deadline=Deadline(float("inf"))
        )
        beside, mark = "popularity", _measure(popularity.score, queries, test, catalogue, shared)
    lost = mark - found
    error = float(lost.std(ddof=1) / np.sqrt(len(lost))) if len(lost) > 1 else float("inf")
    worse = float(lost.mean()) > tolerance * float(mark.mean())
    passed = not (worse and float(lost.mean()) > _SURE * error)
    told = (
        f"{METRIC} {found.mean():.4f} against {mark.mean():.4f} of {beside}, "
        f"on the newest item of {len(lost)} users"
    )
    return Verdict(
        passed=passed,
        new=round(float(found.mean()), 6),
        mark=round(float(mark.mean()), 6),
        beside=beside,
        users=len(lost),
        lost=round(float(lost.mean()), 6),
        error=round(error, 6),
        told=told,
    )


def whole(new: Trained, dataset: Dataset) -> Trained:
    """A model that was judged, with everybody's history as it is now.

    Users are served by what they did last, whether or not the members learned from it.
    """
    return replace(new, histories=dataset.histories, as_of=dataset.as_of)


def _measure(
    score: Any,  # noqa: ANN401 - see evaluation.scoring.ScoreFunction
    queries: Queries,
    test: Histories,
    catalogue: Catalogue,
    allowed: NDArray[np.bool_],
) -> NDArray[np.float64]:
    found = evaluate_scorer(score, queries, test, ks=(10,), catalogue=catalogue, allowed=allowed)
    return found.per_user[METRIC]


def _among(test: Histories, items: NDArray[np.bool_]) -> Histories:
    return test.where(items[test.items])


def _translated(serving: Trained, known: Dataset) -> Any:  # noqa: ANN401 - a ScoreFunction
    """The serving model, asked and answering in the vocabulary of the new data."""
    place = serving.items.locate(known.items.keys)
    both = np.flatnonzero(place >= 0)

    def score(queries: Queries) -> Floats:
        asked = queries.histories
        kept = asked.where(place[asked.items] >= 0)
        theirs = replace(kept, items=place[kept.items], n_items=len(serving.items))
        found = serving.score(Queries(theirs, queries.users, queries.as_of))
        scores = np.full((len(asked), len(known.items)), -np.inf, dtype=np.float32)
        scores[:, both] = found[:, place[both]]
        return scores

    return score
