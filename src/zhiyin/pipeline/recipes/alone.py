"""One model by its name, fitted on everything."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any

from zhiyin.core.candidates import TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Histories
from zhiyin.core.progress import Progress
from zhiyin.core.protocols import Retriever
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.core.rng import derive_rng


def fit_alone(
    name: str,
    data: TrainingData,
    *,
    deadline: Deadline,
    seed: int,
    unfinished: Path | None,
    progress: Progress,
) -> tuple[Retriever, dict[str, Any]]:
    """Fits a model with its default settings.

    Args:
        name: Registered name.
        data: On what.
        deadline: The budget.
        seed: Seed of every draw.
        unfinished: Folder that keeps the checkpoint of a model that writes one, so that the
            same training goes on where it was interrupted; None for no checkpoint.
        progress: Told what the model tells.

    Returns:
        The model, and what a model with an ``outcome`` says of its training.
    """
    cls = load(RETRIEVERS, name)
    model = cls(cls.Config())
    progress(f"fitting {name}", 0.0)
    path: Path | None = None
    if hasattr(model, "progress"):
        model.progress = progress
        path = unfinished / f"{name}-{seed}-{_mark(data.histories)}.npz" if unfinished else None
        model.checkpoint = path
    model.fit(data, rng=derive_rng(seed, name), deadline=deadline)
    if path is not None:
        path.unlink(missing_ok=True)
    outcome = getattr(model, "outcome", None)
    if outcome is None:
        return model, {}
    told = {
        "ended": outcome.stopped,
        "epochs": len(outcome.epochs),
        "best_epoch": outcome.best + 1,
        "samples_per_s": round(outcome.samples_per_second, 1),
        "validation": [each.score for each in outcome.epochs],
    }
    return model, told


def _mark(histories: Histories) -> str:
    """Sixteen digits that stand for what is learnt from."""
    digest = blake2b(digest_size=8)
    for array in (histories.indptr, histories.items, histories.weights):
        digest.update(array.tobytes())
    return digest.hexdigest()
