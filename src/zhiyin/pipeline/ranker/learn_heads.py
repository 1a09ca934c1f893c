"""How the estimates of an objective are learned: on held-out events, in the ranker's folds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import RankingData
from zhiyin.data.dataset import Dataset
from zhiyin.pipeline.ranker.heads import CTR, CVR, DWELL, VALUE, Head, ObjectiveHeads
from zhiyin.pipeline.ranker.learn import Course, ScorerChoice, fitted_scorer, missing
from zhiyin.pipeline.ranker.lessons import Lessons, Outcomes
from zhiyin.ranking.probability import Calibrated, calibrated

_TREES: dict[str, Any] = {
    "trees": 100,
    "leaves": 7,
    "learning_rate": 0.05,
    "min_rows": 40,
    "l2": 5.0,
    "feature_share": 0.5,
    "bins": 63,
    "threads": 1,
}


class HeadsRecipe(Config):
    """How heads are learned."""

    scorers: tuple[ScorerChoice, ...] = (
        ScorerChoice(name="logistic", to_queries=50_000),
        ScorerChoice(name="binary", settings=_TREES),
    )
    """What is tried for probabilities, by rows to learn from; the lowest log-loss is kept."""
    rows: int = 200_000
    """Rows to learn clicks from, at most."""
    least: int = 50
    """Rows where it happened, and where it did not, that a head needs."""
    candidates: int = 200
    """Candidates of a query that are estimated when a slate is made."""


def learn_heads(
    course: Course,
    dataset: Dataset,
    held: NDArray[np.bool_],
    *,
    recipe: HeadsRecipe,
    deadline: Deadline,
    seed: int,
) -> tuple[ObjectiveHeads | None, dict[str, Any]]:
    """Learns what can be learned of click, conversion, value and dwell.

    Clicks are learned from slates where these teach, else from candidates; conversions and
    dwell from the candidates that were taken.

    Args:
        course: What the ranker learns from.
        dataset: With facts.
        held: The held-out events, bool of shape (events,).
        recipe: How they are learned.
        deadline: For all of it.
        seed: Seed of every draw.

    Returns:
        The heads, and a report by head.
    """
    outcomes = Outcomes.of(dataset, held)
    told: dict[str, Any] = {}
    heads: dict[str, Head] = {}
    rows, labels, folds = _clicks(course)
    kept = _sample(len(labels), recipe.rows, seed)
    told[CTR] = {"from": "candidates" if course.slates is None else "slates"}
    data = _rows(rows[kept], labels[kept], course.features.names)
    _learn(CTR, data, folds[kept], heads, told, recipe, deadline, seed)
    taken, folds, converted, dwell = _taken(course, outcomes)
    data = _rows(taken, converted, course.features.names)
    _learn(CVR, data, folds, heads, told, recipe, deadline, seed)
    if (~np.isnan(dwell)).any():
        _learn_dwell(taken, folds, dwell, course, heads, told, recipe, deadline, seed)
    values = values_of(dataset)
    if values is not None:
        known = np.isfinite(values)
        told[VALUE] = {
            "items": int(known.sum()),
            "median": round(float(np.median(values[known])), 4),
        }
    else:
        told[VALUE] = {"why": "neither a conversion nor the catalogue tells a value"}
    if not heads:
        return None, told
    return (
        ObjectiveHeads(course.features, heads, values=values, candidates=recipe.candidates),
        told,
    )


def values_of(dataset: Dataset) -> Floats | None:
    """What a conversion of each item is worth: the median of its own, else the catalogue's word.

    Returns:
        float32 of shape (items,), NaN for unknown; None where no value is known.
    """
    values = np.full(len(dataset.items), np.nan, dtype=np.float32)
    if dataset.item_values is not None:
        values[:] = dataset.item_values
    if dataset.facts is not None:
        paid = dataset.facts["paid"].to_numpy()
        known = np.flatnonzero(~np.isnan(paid))
        items = dataset.histories.items[known]
        order = np.lexsort((paid[known], items))
        items, amounts = items[order], paid[known][order]
        each, first, count = np.unique(items, return_index=True, return_counts=True)
        low, high = amounts[first + (count - 1) // 2], amounts[first + count // 2]
        values[each] = ((low + high) / 2).astype(np.float32)
    return values if np.isfinite(values).any() else None


def _clicks(course: Course) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Features, labels and folds of what was, or could have been, shown."""
    data, folds = course.data, course.folds
    if course.slates is not None and course.slate_folds is not None:
        data, folds = course.slates, course.slate_folds
    return data.features, data.labels, np.repeat(folds, np.diff(data.indptr))


def _taken(
    course: Course, outcomes: Outcomes
) -> tuple[Floats, NDArray[np.int64], Floats, NDArray[np.float64]]:
    """Features, folds, conversions and dwell of candidates that were taken."""
    parts = [_taken_of(course.found, course.data, course.folds, outcomes)]
    if course.shown is not None and course.slates is not None and course.slate_folds is not None:
        parts.append(_taken_of(course.shown, course.slates, course.slate_folds, outcomes))
    rows, folds, converted, dwell = (
        np.concatenate([part[at] for part in parts]) for at in range(4)
    )
    return rows, folds, converted, dwell


def _taken_of(
    found: Lessons, data: RankingData, folds: NDArray[np.int64], outcomes: Outcomes
) -> tuple[Any, ...]:
    present = found.asked.present
    hit = found.hits[present]
    of_row = np.broadcast_to(folds[:, None], found.hits.shape)[present]
    converted = outcomes.converted(found)[present].astype(np.float32)
    return data.features[hit], of_row[hit], converted[hit], outcomes.dwell(found)[present][hit]


def _learn(
    name: str,
    data: RankingData,
    folds: NDArray[np.int64],
    heads: dict[str, Head],
    told: dict[str, Any],
    recipe: HeadsRecipe,
    deadline: Deadline,
    seed: int,
) -> None:
    """Adds a head for a probability, or the reason why there is none."""
    told.setdefault(name, {})
    happened = int((data.labels > 0).sum())
    if min(happened, len(data.labels) - happened) < recipe.least:
        missed = f"{happened} of {len(data.labels)} rows, and it takes {recipe.least} of both"
        told[name]["why"] = f"too few to learn from: it happened in {missed}"
        return
    best: tuple[ScorerChoice, Calibrated] | None = None
    rows = len(data.labels)
    able = [c for c in recipe.scorers if not missing(c)]
    fitting = [c for c in able if c.from_queries <= rows <= c.to_queries] or able[:1]
    trials: dict[str, Any] = {}
    for choice in fitting:
        scores = _by_folds(choice, data, folds, deadline=deadline, seed=seed)
        if scores is None:
            break
        found = calibrated(scores, data.labels, folds)
        trials[choice.name] = found.report
        if best is None or found.log_loss < best[1].log_loss:
            best = choice, found
    if best is None:
        told[name]["why"] = "no time left in the budget"
        return
    choice, found = best
    scorer = fitted_scorer(choice, data, deadline, seed)
    heads[name] = Head(choice.name, scorer, found.calibrator)
    told[name] |= {"scorer": choice.name, **found.report, "trials": trials}


def _learn_dwell(
    rows: Floats,
    folds: NDArray[np.int64],
    dwell: NDArray[np.float64],
    course: Course,
    heads: dict[str, Head],
    told: dict[str, Any],
    recipe: HeadsRecipe,
    deadline: Deadline,
    seed: int,
) -> None:
    """Adds the head for dwell: log(1 + seconds), linear, scaled so that its mean is true."""
    known = ~np.isnan(dwell)
    seconds, folds = dwell[known], folds[known]
    if len(seconds) < 2 * recipe.least:
        told[DWELL] = {"why": f"too few to learn from: {len(seconds)} rows with a dwell"}
        return
    logs = np.log1p(seconds).astype(np.float32)
    data = _rows(rows[known], logs, course.features.names)
    choice = ScorerChoice(name="linear", settings={"within_queries": False})
    scores = _by_folds(choice, data, folds, deadline=deadline, seed=seed)
    if scores is None:
        told[DWELL] = {"why": "no time left in the budget"}
        return
    guess = np.maximum(np.expm1(scores.astype(np.float64)), 0.0)
    scale = float(seconds.mean() / max(float(guess.mean()), 1e-9))
    heads[DWELL] = Head("linear", fitted_scorer(choice, data, deadline, seed), None, scale)
    told[DWELL] = {
        "scorer": "linear",
        "rows": len(seconds),
        "mean_s": round(float(seconds.mean()), 3),
        "error_of_mean_s": round(float(np.abs(seconds - seconds.mean()).mean()), 3),
        "error_s": round(float(np.abs(seconds - scale * guess).mean()), 3),
    }


def _by_folds(
    choice: ScorerChoice,
    data: RankingData,
    folds: NDArray[np.int64],
    *,
    deadline: Deadline,
    seed: int,
) -> Floats | None:
    """Scores of rows by scorers that have not seen their fold; None where time ran out."""
    scores = np.zeros(len(data.labels), dtype=np.float32)
    parts = np.unique(folds).tolist()
    for at, fold in enumerate(parts):
        started = deadline.left
        mine = folds == fold
        others = _rows(data.features[~mine], data.labels[~mine], data.names)
        scores[mine] = fitted_scorer(choice, others, deadline, seed).score(data.features[mine])
        if deadline.left < (started - deadline.left) * (len(parts) - at):  # and the final fit
            return None
    return scores


def _rows(features: Floats, labels: Floats, names: tuple[str, ...]) -> RankingData:
    """Rows of which each is its own query."""
    indptr = np.arange(len(labels) + 1, dtype=np.int64)
    return RankingData(features, labels.astype(np.float32), indptr, names)


def _sample(rows: int, most: int, seed: int) -> NDArray[np.int64]:
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).permutation(rows)[:most])
