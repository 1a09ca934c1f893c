"""Compares models on a folder of data: one subprocess each, so that none disturbs another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zhiyin import __version__
from zhiyin.core.config import Config
from zhiyin.core.errors import UnknownModelError
from zhiyin.core.progress import Progress, silent
from zhiyin.core.registry import RETRIEVERS, registered
from zhiyin.data.protocols import Split, SplitProtocol
from zhiyin.evaluation.bootstrap import BootstrapConfig
from zhiyin.evaluation.comparison import confidence
from zhiyin.pipeline.benchmark.folder import as_dataset, read_split
from zhiyin.pipeline.benchmark.task import save_tests, save_training
from zhiyin.pipeline.measuring import BASELINES
from zhiyin.pipeline.settings import AUTO

_PATIENCE = 4.0
"""A worker may live this many times the training budget, and half an hour more."""


class BenchmarkSettings(Config):
    """What is compared, and how."""

    protocol: SplitProtocol
    """How rows are divided into training and test."""
    models: tuple[str, ...] = ("auto",)
    """"auto" and names of registered models; the baselines join by themselves."""
    seed: int = 42
    """Seed of the split and of every draw in training."""
    budget_s: float = 900.0
    """Seconds that each training may take."""
    ks: tuple[int, ...] = (5, 10, 20, 50)
    """Cut-offs of the metrics."""
    memory_mb: float | None = None
    """A model that needs more is reported as failed; None for no limit."""
    bootstrap: BootstrapConfig = BootstrapConfig()
    """How intervals are drawn."""
    trainer: str = "zhiyin.pipeline.train:train"
    """The function that trains, as "module:function"."""


def benchmark(
    folder: Path, settings: BenchmarkSettings, *, progress: Progress = silent
) -> dict[str, Any]:
    """Trains and measures every model on one division of the data.

    Args:
        folder: With ``interactions.parquet`` and perhaps ``items.parquet``.
        settings: What is compared, and how.
        progress: Told what is being done.

    Returns:
        The report, ready for JSON. A model that failed has an "error" instead of metrics.

    Raises:
        DataError: The folder cannot be used.
        UnknownModelError: A name that nobody registered.
    """
    names = list(dict.fromkeys([*settings.models, *BASELINES]))
    _check(settings.models)
    progress("reading", 0.0)
    parts = read_split(folder, protocol=settings.protocol, seed=settings.seed)
    with tempfile.TemporaryDirectory(prefix="zhiyin-benchmark-") as draft:
        room = Path(draft)
        save_training(room, as_dataset(parts, folder))
        save_tests(room, parts.tests)
        models: dict[str, Any] = {}
        for i, name in enumerate(names):
            listen = _within(progress, name, i, len(names))
            models[name] = _run(room, name, settings, listen)
        progress("comparing", 1.0)
        sure = confidence(_per_user(room, names), settings.bootstrap)
    return {**_facts(folder, parts, settings), "models": models, "confidence": sure}


def _check(models: Sequence[str]) -> None:
    known = registered(RETRIEVERS)
    unknown = [name for name in models if name != AUTO and name not in known]
    if unknown:
        raise UnknownModelError(
            f"no model is named {', '.join(unknown)}", hint=f"known: {', '.join([AUTO, *known])}"
        )


def _facts(folder: Path, parts: Split, settings: BenchmarkSettings) -> dict[str, Any]:
    return {
        "dataset": folder.resolve().name,
        "protocol": settings.protocol.value,
        "seed": settings.seed,
        "budget_s": settings.budget_s,
        "dropped": parts.dropped,
        "n_users": len(parts.users),
        "n_items": len(parts.items),
        "n_training_rows": len(parts.train.items),
        "n_test_users": {n: int((p.test.lengths > 0).sum()) for n, p in parts.tests.items()},
        "order": parts.order,
        "version": __version__,
        "cpus": os.cpu_count(),
    }


def _run(room: Path, name: str, settings: BenchmarkSettings, progress: Progress) -> dict[str, Any]:
    """One model in its own process; the entry of the report."""
    asked = settings.model_dump(include={"trainer", "budget_s", "seed", "ks", "memory_mb"})
    module = "zhiyin.pipeline.benchmark.worker"
    command = [sys.executable, "-m", module, str(room), name, json.dumps(asked)]
    complaints = room / f"{name}.log"
    with (
        complaints.open("wb") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        watch = threading.Timer(_PATIENCE * settings.budget_s + 1800, process.kill)
        watch.daemon = True
        watch.start()
        try:
            _listen(process, progress)
        finally:
            watch.cancel()
            process.kill()
    result = room / f"{name}.json"
    if result.exists():
        # What is not a number has no place in JSON, even where a model reports it.
        return json.loads(result.read_text(encoding="utf-8"), parse_constant=lambda _: None)
    return {"error": _post_mortem(process.returncode, complaints)}


def _listen(process: subprocess.Popen[str], progress: Progress) -> None:
    """Passes on what the worker tells, until it ends; other output is not ours."""
    assert process.stdout is not None
    for line in process.stdout:
        try:
            said = json.loads(line)
            progress(str(said["stage"]), float(said["share"]))
        except (ValueError, KeyError, TypeError):
            continue
    process.wait()


def _post_mortem(code: int, complaints: Path) -> dict[str, str]:
    """Why a worker ended without a result."""
    last = complaints.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    if code == -9:
        return {"kind": "Killed", "message": "ended by the system: out of memory, or out of time"}
    said = f": {last[0]}" if last else ""
    return {"kind": "Crashed", "message": f"the process ended with code {code}{said}"}


def _within(progress: Progress, name: str, place: int, total: int) -> Progress:
    def listen(stage: str, share: float) -> None:
        progress(f"{name}: {stage}", (place + share) / total)

    return listen


def _per_user(room: Path, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Values per user of every model that has them, as {model: {"test/metric": values}}."""
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        path = room / f"{name}.npz"
        if path.exists():
            with np.load(path, allow_pickle=False) as file:
                if file.files:
                    found[name] = {key: file[key] for key in file.files}
    return found
