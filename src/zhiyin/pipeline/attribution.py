"""What a score rests on: the events of the user, and the features of the ranker, in points.

Events are judged by altered histories that go through the whole recommender, whatever its
members are: items by neighbours, matrices and sequence models alike. What is explained is the
score of the retrievers (blend and content); the ranker's part is told by its features.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import Candidates, Queries
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.influence import Reals, deletion, lime, shapley
from zhiyin.core.messages import Method
from zhiyin.core.protocols import ExposureLog
from zhiyin.core.topk import bar, top_k
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.pipeline.ranker.fatigue import shown_now
from zhiyin.pipeline.ranker.stage import asked_now, at_items
from zhiyin.pipeline.trained import Trained
from zhiyin.ranking.attribution import contributions, slopes
from zhiyin.ranking.features.exposure import FATIGUE

MOST_EVENTS = 30
"""Latest items of a history whose influence is measured; the others always stay."""
_CANDIDATES = 500
_SEED = 7
_CHUNK = 64
"""Altered histories that are scored at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Influences:
    """What items of a history do to scores.

    Attributes:
        items: Items of the history, indices of shape (n,).
        values: Points of the score, shape (n, k) for k asked items.
        full: The scores with all of them, shape (k,).
        empty: The scores with none of them, shape (k,).
    """

    items: NDArray[np.int32]
    values: Reals
    full: Reals
    empty: Reals


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """What features do to what the ranker adds.

    Attributes:
        rows: Features of the asked items, shape (k, f).
        values: Points of the score, shape (k, f).
        base: What every candidate starts from, shape (k,); NaN where the method has none.
    """

    rows: Floats
    values: Reals
    base: Reals


def influences(
    score: Callable[[Queries], Floats],
    queries: Queries,
    items: NDArray[np.integer],
    *,
    method: Method,
    rng: np.random.Generator | None = None,
) -> Influences:
    """What the latest items of a history do to the scores of some items.

    Args:
        score: Scores of queries over the catalogue, shape (q, n).
        queries: One query.
        items: Indices of the items whose scores are asked for, shape (k,).
        method: deletion, shap or lime.
        rng: Draws orders and samples.
    """
    drawn = rng or np.random.default_rng(_SEED)
    history = queries.histories
    latest = history.items[::-1]
    _, first = np.unique(latest, return_index=True)
    parts = latest[np.sort(first)][:MOST_EVENTS].astype(np.int32)
    belongs = history.items[None, :] == parts[:, None]

    def value(coalitions: NDArray[np.bool_]) -> Reals:
        gone = (~coalitions).astype(np.float32) @ belongs.astype(np.float32) > 0
        found = [
            standing(score(altered(queries, ~gone[at : at + _CHUNK])))[:, items]
            for at in range(0, len(gone), _CHUNK)
        ]
        return np.concatenate(found).astype(np.float64)

    n = len(parts)
    ends = value(np.array([np.ones(n), np.zeros(n)], dtype=np.bool_))
    if not n:
        found = np.zeros((0, len(items)))
    elif method == "shap":
        found = shapley(value, n, rng=drawn)
    elif method == "lime":
        found = lime(value, n, rng=drawn)
    else:
        found = deletion(value, n)
    return Influences(parts, found, ends[0], ends[1])


def standing(scores: Floats) -> Floats:
    """Scores in standard deviations above the mean item, row by row.

    Rows of different histories are told apart by this, whatever answered: without any history
    the recommender falls back to what everybody likes, on another scale.
    """
    mean = scores.mean(axis=1, keepdims=True)
    spread = scores.std(axis=1, keepdims=True)
    return (scores - mean) / np.maximum(spread, np.float32(1e-9))


def altered(queries: Queries, keep: NDArray[np.bool_]) -> Queries:
    """A history several times over, each time without some of its events.

    Args:
        queries: One query.
        keep: Which events stay, shape (m, events).

    Returns:
        m queries, of nobody in particular: what a model knows of the user beside the history
        does not speak.
    """
    past, m = queries.histories, len(keep)
    rows, places = np.nonzero(keep)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=m))]).astype(np.int64)
    some = Histories(
        indptr,
        past.items[places],
        past.weights[places],
        past.n_items,
        None if past.times is None else past.times[places],
        ordered=past.ordered,
    )
    return Queries(some, np.full(m, -1, dtype=np.int32), queries.as_of)


def ranker_contributions(
    trained: Trained,
    scores: Floats,
    queries: Queries,
    items: NDArray[np.integer],
    *,
    method: Method,
    exposures: ExposureLog,
    vocabulary: Vocabulary,
    user_id: str | None,
    surface: str,
) -> Contributions | None:
    """What features do to what the ranker adds to some candidates.

    Args:
        trained: What was learned.
        scores: What the retrievers say, shape (1, n).
        queries: One query, with the present in ``as_of``.
        items: Indices of the items that are asked for.
        method: "lime" for slopes by local regression; else exact contributions, where the
            scorer knows them.
        exposures: Read where slates taught fatigue.
        vocabulary: Every item that can be recommended.
        user_id: For whom.
        surface: Where the items would be shown.

    Returns:
        None where no ranker serves, or an item is not among the candidates that it orders.
    """
    stage = trained.ranker
    if stage is None:
        return None
    found = _candidates(trained, scores, queries, vocabulary)
    shown = None
    if FATIGUE in stage.features.names:
        first = found.items[:, : stage.candidates]
        past = queries.histories
        shown = shown_now(exposures, user_id, past, first, vocabulary, now=queries.as_of)
    asked = asked_now(
        found,
        queries,
        stage.candidates,
        now=queries.as_of,
        context={"surface": surface},
        shown=shown,
    )
    features = stage.features.compute(asked)
    places = {item: at for at, item in enumerate(asked.items[asked.present].tolist())}
    rows = [places.get(int(item), -1) for item in items]
    if min(rows, default=-1) < 0:
        return None
    few = features[rows]
    exact = None if method == "lime" else contributions(stage.scorer, few)
    if exact is not None:
        told = stage.weight * exact
        return Contributions(few, told[:, :-1], told[:, -1])
    rng = np.random.default_rng(_SEED)
    found_slopes = [slopes(stage.scorer, features, row, rng=rng) for row in rows]
    return Contributions(few, stage.weight * np.stack(found_slopes), np.full(len(rows), np.nan))


def _candidates(
    trained: Trained, scores: Floats, queries: Queries, vocabulary: Vocabulary
) -> Candidates:
    """The best unseen items by the retrievers, with what each says, as the engine has them."""
    opened = scores.copy()
    bar(opened, queries.histories)
    best = top_k(opened, k=_CANDIDATES, tie_order=vocabulary.tie_order)
    parts = trained.blend.parts(queries)
    columns = {name: at_items(values, best.items) for name, values in parts.items()}
    return Candidates(best.items, best.scores, columns)
