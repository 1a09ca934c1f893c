"""Fine-tunes a reranker on a workspace's own log, and keeps it where it wins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from zhiyin.core.clock import Deadline
from zhiyin.core.errors import NotEnoughDataError, StoreBusyError
from zhiyin.core.histories import Floats
from zhiyin.core.progress import Progress, silent
from zhiyin.core.rng import derive_rng
from zhiyin.evaluation.bootstrap import BootstrapConfig, differences
from zhiyin.neural.extra import load_neural
from zhiyin.pipeline.artifacts import ArtifactFolder
from zhiyin.pipeline.search.clicks import AnsweredSearch, answered_searches
from zhiyin.pipeline.search.rerank import FOLDER
from zhiyin.pipeline.search.service import Candidate, CatalogueSearch
from zhiyin.pipeline.settings import Settings, seconds
from zhiyin.pipeline.stores import Stores
from zhiyin.ranking.cross_encoder.budget import joined_scores
from zhiyin.ranking.cross_encoder.config import CrossEncoderConfig
from zhiyin.ranking.cross_encoder.pairs import JudgedPairs, judged

if TYPE_CHECKING:
    from zhiyin.ranking.cross_encoder.model import CrossEncoder

_MODEL = "zhiyin.ranking.cross_encoder.model:CrossEncoder"

MOST = 5000
"""So many of the latest queries are learned from."""
LEAST = 60
"""Queries that training, choosing and the last comparison need together."""
_HELD = 0.15
"""Share of the queries, the latest, for the last comparison, and as many before for choosing."""
WEIGHTS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
"""Shares of the reranker that validation chooses among."""
_TRAINING_TIME = 0.85


class Asked(Protocol):
    """What of a workspace is needed."""

    folder: Path
    settings: Settings
    stores: Stores
    searcher: Callable[[], CatalogueSearch]


class Searching(Protocol):
    """What of a search is needed."""

    def candidates(self, text: str, *, n: int) -> list[Candidate]:
        """The first n, best first."""
        ...

    def read(self, item_id: str) -> str:
        """What a reranker reads of an item."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """Queries with the search's candidates, and how often each was turned to."""

    queries: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    base: tuple[Floats, ...]
    clicks: tuple[Floats, ...]

    def pairs(self) -> JudgedPairs:
        """As a cross-encoder learns from them."""
        return judged(list(zip(self.queries, self.texts, self.clicks, strict=True)))


def train_reranker(
    workspace: Asked,
    *,
    config: CrossEncoderConfig | None = None,
    budget: str | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Fine-tunes a reranker on what a workspace's users turned to after their searches.

    Args:
        workspace: Whose log and catalogue.
        config: Hyperparameters; None: the defaults.
        budget: Upper bound on its time, such as 15m; None: that of the section [train].
        progress: Told how far it has come.

    Returns:
        The version, its figures, and whether it joins search; see `learn_reranker`.

    Raises:
        NotEnoughDataError: The log has too few searches with answers.
        StoreBusyError: Another training of a reranker is running here.
    """
    settings, stores = workspace.settings, workspace.stores
    root = workspace.folder / FOLDER
    root.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(root / ".training.lock", timeout=0):
            progress("reading the log", 0.0)
            searches = answered_searches(
                stores.events,
                stores.entities,
                weights=settings.events.weights,
                default=settings.events.default_weight,
            )
            return learn_reranker(
                workspace.searcher(),
                searches,
                ArtifactFolder(root),
                config=config or CrossEncoderConfig(),
                top=settings.search.rerank_top,
                budget_s=seconds(budget or settings.train.budget),
                seed=settings.train.seed,
                progress=progress,
            )
    except Timeout as error:
        raise StoreBusyError(
            f"another reranker is being trained in {workspace.folder}",
            hint="wait for it to finish",
        ) from error


def learn_reranker(
    search: Searching,
    searches: Sequence[AnsweredSearch],
    artifacts: ArtifactFolder,
    *,
    config: CrossEncoderConfig,
    top: int,
    budget_s: float,
    seed: int,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Learns from earlier searches, chooses on later ones, compares on the latest, publishes.

    The weight beside the search's own score is the one with the best mean reciprocal rank on the
    searches in the middle. The reranker joins search (``rerank = "auto"``) only where the latest
    ones, which nothing was chosen by, say so: where the 95 % interval of the paired difference
    lies above 0.

    Args:
        search: The workspace's search, without reranking.
        searches: What the log says, the oldest first.
        artifacts: Where it is published.
        config: Hyperparameters.
        top: Candidates of each query.
        budget_s: Seconds for all of it.
        seed: Of every draw.
        progress: Told how far it has come.

    Returns:
        The version, its figures, and whether it joins.

    Raises:
        NotEnoughDataError: The log has too few searches with answers.
        TrainingError: There was no time, or the loss became NaN.
    """
    deadline = Deadline(budget_s)
    usable = list(searches)[-MOST:]
    if len(usable) < LEAST:
        raise NotEnoughDataError(
            f"{len(usable)} searches have an answer, and a reranker needs {LEAST}",
            hint="record searches (type search, with the query) and what users turn to after them",
        )
    held = max(1, int(_HELD * len(usable)))
    parts = (usable[: -2 * held], usable[-2 * held : -held], usable[-held:])
    learn, choose, test = (
        _lists(search, part, top=top, teach=not i, progress=progress)
        for i, part in enumerate(parts)
    )
    model: CrossEncoder = load_neural(_MODEL)(config).fit(
        learn.pairs(),
        rng=derive_rng(seed, "reranker"),
        deadline=Deadline(deadline.left * _TRAINING_TIME),
        validation=choose.pairs(),
        progress=progress,
    )
    progress("comparing", 0.95)
    weight, tried = _best_weight(choose, model)
    before, after = _gains(test, model, weight=0.0), _gains(test, model, weight=weight)
    gap = differences({"mrr": after}, {"mrr": before}, BootstrapConfig())["mrr"]
    joins = bool(gap.low > 0)
    report: dict[str, Any] = {
        "joins": joins,
        "weight": weight,
        "config": config.model_dump(mode="json"),
        "searches": {"learned": len(parts[0]), "chosen_by": held, "compared": held},
        "mrr_search": round(float(before.mean()), 4),
        "mrr_reranked": round(float(after.mean()), 4),
        "difference": [round(gap.mean, 4), round(gap.low, 4), round(gap.high, 4)],
        "mrr_by_weight": tried,
        "stopped": model.outcome,
        "train_s": round(deadline.spent, 1),
    }
    taken = [int(v[1:]) for v in artifacts.versions() if v[1:].isdigit()]
    version = f"r{max(taken, default=0) + 1:06d}"
    artifacts.publish(version, manifest=report, arrays=model.state())
    return {"version": version, **report}


def _lists(
    search: Searching,
    searches: Sequence[AnsweredSearch],
    *,
    top: int,
    teach: bool,
    progress: Progress,
) -> Lists:
    """The candidates of each search; for teaching with an answer even where none was found."""
    rows: list[tuple[str, tuple[str, ...], Floats, Floats]] = []
    for done, asked in enumerate(searches):
        progress("searching again what was asked", done / len(searches))
        found = search.candidates(asked.query, n=top)
        texts = [each.text for each in found]
        clicks = [asked.clicks.get(each.item_id, 0.0) for each in found]
        if teach and not any(clicks):
            best = max(asked.clicks, key=lambda item: (asked.clicks[item], item))
            if text := search.read(best):
                texts, clicks = [*texts, text], [*clicks, 1.0]
        base = np.array([each.base for each in found], dtype=np.float32)
        rows.append((asked.query, tuple(texts), base, np.array(clicks, dtype=np.float32)))
    columns = list(zip(*rows, strict=True))
    return Lists(columns[0], columns[1], columns[2], columns[3])


def _gains(lists: Lists, model: CrossEncoder, *, weight: float) -> NDArray[np.float64]:
    """The reciprocal rank of the first item that was turned to, by query; 0 for none."""
    return _reciprocal(lists, _scores(lists, model) if weight else lists.base, weight)


def _scores(lists: Lists, model: CrossEncoder) -> tuple[Floats, ...]:
    return tuple(model.score(q, texts) for q, texts in zip(lists.queries, lists.texts, strict=True))


def _reciprocal(lists: Lists, scores: Sequence[Floats], weight: float) -> NDArray[np.float64]:
    result = np.zeros(len(lists.queries))
    for row, (base, score, clicks) in enumerate(zip(lists.base, scores, lists.clicks, strict=True)):
        order = np.argsort(-joined_scores(base, score, weight=weight), kind="stable")
        places = np.flatnonzero(clicks[order] > 0)
        result[row] = 1.0 / (1 + places[0]) if len(places) else 0.0
    return result


def _best_weight(lists: Lists, model: CrossEncoder) -> tuple[float, dict[str, float]]:
    scores = _scores(lists, model)
    tried = {w: float(_reciprocal(lists, scores, w).mean()) for w in WEIGHTS}
    best = max(tried, key=lambda w: (tried[w], -w))
    return best, {str(w): round(v, 4) for w, v in tried.items()}
