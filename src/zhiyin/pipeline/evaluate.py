"""How good a recipe is on a workspace's own data, beside the baselines."""

from __future__ import annotations

import dataclasses
import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.errors import NotEnoughDataError, ZhiyinError
from zhiyin.core.histories import Histories
from zhiyin.core.progress import Progress, silent
from zhiyin.data.dataset import Dataset
from zhiyin.data.splits import TEST, Fold, fold, leave_one_out, random_split, temporal
from zhiyin.evaluation.bootstrap import BootstrapConfig
from zhiyin.evaluation.comparison import confidence
from zhiyin.evaluation.scoring import Evaluation, evaluate_scorer
from zhiyin.pipeline.measuring import BASELINES, as_queries, describe, rounded
from zhiyin.pipeline.ranker.settings import RankerSettings
from zhiyin.pipeline.train import train

REPORT_FILE = "evaluation.json"
"""Where a workspace keeps its last evaluation."""


class HoldOut(StrEnum):
    """What an evaluation holds out."""

    AUTO = "auto"
    LEAVE_ONE_OUT = "leave-one-out"
    RANDOM_SPLIT = "random-split"
    TEMPORAL = "temporal"


class EvaluationSettings(Config):
    """What is evaluated, and how."""

    recipe: str = "auto"
    """The recipe in question."""
    beside: tuple[str, ...] = ()
    """Other models to compare it with; the baselines join by themselves."""
    protocol: HoldOut = HoldOut.AUTO
    """What is held out: each user's last new item, a fifth of each user's items, or the
    newest tenth of all events. "auto": the first where events are ordered, else the second."""
    budget_s: float = 900.0
    """Seconds that each training may take."""
    seed: int = 42
    """Seed of every draw."""
    ks: tuple[int, ...] = (5, 10, 20, 50)
    """Cut-offs of the metrics."""
    bootstrap: BootstrapConfig = BootstrapConfig()
    """How intervals are drawn."""
    ranker: RankerSettings = RankerSettings()
    """How the recipe learns to rank."""


def evaluate(
    dataset: Dataset, settings: EvaluationSettings, *, progress: Progress = silent
) -> dict[str, Any]:
    """Trains on a part of the data and looks for the rest; nothing is published.

    Args:
        dataset: Everything known.
        settings: What is evaluated, and how.
        progress: Told what is being done.

    Returns:
        A report shaped like that of ``zhiyin benchmark``.

    Raises:
        NotEnoughDataError: Nothing can be held out.
        UnknownModelError: No such recipe.
    """
    protocol = settings.protocol
    if protocol == HoldOut.AUTO:
        ordered = dataset.histories.ordered
        protocol = HoldOut.LEAVE_ONE_OUT if ordered else HoldOut.RANDOM_SPLIT
    parts = hold_out(dataset.histories, protocol=protocol, seed=settings.seed)
    known = _before(dataset, parts)
    names = list(dict.fromkeys([settings.recipe, *settings.beside, *BASELINES]))
    models: dict[str, Any] = {}
    per_user: dict[str, dict[str, NDArray[np.float64]]] = {}
    for i, name in enumerate(names):
        listen = _within(progress, name, i, len(names))
        try:
            models[name], found = _measure(name, known, parts, settings, listen)
        except ZhiyinError as error:
            if name == settings.recipe:
                raise
            models[name] = {"error": {"kind": type(error).__name__, "message": str(error)}}
            continue
        per_user[name] = {f"metrics/{metric}": v for metric, v in found.per_user.items()}
    progress("comparing", 1.0)
    return {
        "protocol": protocol.value,
        "seed": settings.seed,
        "budget_s": settings.budget_s,
        "dropped": _counted(dataset, parts),
        "n_users": len(dataset.users),
        "n_items": len(dataset.items),
        "n_test_users": {"metrics": int((parts.test.lengths > 0).sum())},
        "models": models,
        "confidence": confidence(per_user, settings.bootstrap),
    }


def hold_out(histories: Histories, *, protocol: HoldOut, seed: int) -> Fold:
    """Divides what is known into before and after.

    What is held out are items that their user took up for the first time: every event of
    such a user and item is held out with the first, so that none of it stays in training.

    Args:
        histories: Everything known; negative feedback is never something to find.
        protocol: Any but AUTO.
        seed: Seed of the draws.

    Raises:
        NotEnoughDataError: Nothing can be held out, or nothing is left.
    """
    liked = np.flatnonzero(histories.weights > 0)
    rows, pairs = histories.rows, _pairs(histories)
    # np.unique returns the first event of each pair.
    first = np.sort(liked[np.unique(pairs[liked], return_index=True)[1]])
    if protocol == HoldOut.TEMPORAL:
        held = _after(histories)
    else:
        draw = np.random.default_rng(seed)
        labels = (
            leave_one_out(rows[first])
            if protocol == HoldOut.LEAVE_ONE_OUT
            else random_split(rows[first], rng=draw)
        )
        held = np.isin(pairs, pairs[first[labels == TEST]])
    parts = fold(histories, held)
    parts = dataclasses.replace(parts, test=parts.test.positive())
    if not len(parts.test.items) or not len(parts.train.items):
        raise NotEnoughDataError(
            f"{protocol} finds nothing to hold out among {len(histories.items)} events",
            hint="a user needs at least three different items; import more events",
        )
    return parts


def write_report(report: dict[str, Any], folder: Path) -> Path:
    """Keeps a report in a workspace, in place of the one before."""
    path = folder / REPORT_FILE
    draft = folder / f".{REPORT_FILE}.draft"
    draft.write_text(json.dumps(report, ensure_ascii=False, indent=1, default=str), "utf-8")
    os.replace(draft, path)
    return path


def _pairs(histories: Histories) -> NDArray[np.int64]:
    """One number per (user, item), shape (events,)."""
    return histories.rows * np.int64(histories.n_items) + histories.items


def _after(histories: Histories) -> NDArray[np.bool_]:
    """The newest of all events; a mask of shape (events,)."""
    if histories.times is None:
        raise NotEnoughDataError(
            "a split in time needs timestamps, and the events have none",
            hint="use --protocol leave-one-out or random-split",
        )
    return temporal(histories.times) == TEST


def _before(dataset: Dataset, parts: Fold) -> Dataset:
    """The data set as it stood before what is held out."""
    times = parts.train.times
    newest = dataset.as_of if times is None else int(times.max())
    return dataclasses.replace(dataset.without(parts.held, parts.train), as_of=newest)


def _counted(dataset: Dataset, parts: Fold) -> dict[str, int]:
    dropped = {
        **dataset.dropped,
        "test item the user already has": parts.seen,
        "test item twice": parts.repeated,
    }
    return {reason: n for reason, n in dropped.items() if n}


def _measure(
    name: str, known: Dataset, parts: Fold, settings: EvaluationSettings, progress: Progress
) -> tuple[dict[str, Any], Evaluation]:
    clock = Deadline(float("inf"))
    trained = train(
        known,
        recipe=name,
        budget_s=settings.budget_s,
        seed=settings.seed,
        ranker=settings.ranker,
        progress=progress,
    )
    train_s = clock.spent
    found = evaluate_scorer(
        trained.score, as_queries(known), parts.test, ks=settings.ks, catalogue=describe(known)
    )
    entry = {
        "train_s": round(train_s, 3),
        "recommend_s": round(found.recommend_s, 3),
        "chosen": trained.report,
        "metrics": rounded(found),
    }
    return entry, found


def _within(progress: Progress, name: str, place: int, total: int) -> Progress:
    def listen(stage: str, share: float) -> None:
        progress(f"{name}: {stage}", (place + share) / total)

    return listen
