"""One model in a process of its own: train, recommend, measure, write the result.

``python -m zhiyin.pipeline.benchmark.worker FOLDER MODEL SETTINGS`` writes MODEL.json and
MODEL.npz into FOLDER, and tells its progress on standard output, a JSON document a line.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from zhiyin.core.clock import Deadline
from zhiyin.core.errors import ZhiyinError
from zhiyin.core.registry import load_path
from zhiyin.evaluation.scoring import evaluate_scorer
from zhiyin.pipeline.benchmark.task import load_tests, load_training
from zhiyin.pipeline.measuring import as_queries, describe, rounded
from zhiyin.pipeline.trained import Trained


def main(arguments: list[str]) -> int:
    """Runs one model; every failure becomes a result that says why."""
    folder, model, text = Path(arguments[0]), arguments[1], arguments[2]
    _die_first()
    try:
        result, per_user = run_model(folder, model, json.loads(text))
    except MemoryError as error:
        result, per_user = _failure("MemoryError", f"out of memory: {error}"), {}
    except ZhiyinError as error:
        result, per_user = _failure(type(error).__name__, str(error)), {}
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)
        result, per_user = _failure(type(error).__name__, str(error)), {}
    result["peak_rss_mb"] = round(peak_rss_mb(), 1)
    result["child_rss_mb"] = round(_megabytes(resource.getrusage(resource.RUSAGE_CHILDREN)), 1)
    np.savez(folder / f"{model}.npz", allow_pickle=False, **per_user)
    (folder / f"{model}.json").write_text(json.dumps(result, default=str), encoding="utf-8")
    return 0


def run_model(
    folder: Path, model: str, settings: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """Trains and measures one model.

    Args:
        folder: With the files of `zhiyin.pipeline.benchmark.task`.
        model: "auto" or a registered name.
        settings: With trainer, budget_s, seed, ks, memory_mb.

    Returns:
        The entry of the report, and the values per user as "test/metric".
    """
    _limit_memory(settings["memory_mb"])
    dataset = load_training(folder)
    train = load_path(settings["trainer"])
    clock = Deadline(float("inf"))
    trained: Trained = train(
        dataset,
        recipe=model,
        budget_s=settings["budget_s"],
        seed=settings["seed"],
        progress=_tell(0.9),
    )
    train_s = clock.spent
    _tell()("recommending", 0.9)
    queries = as_queries(dataset)
    catalogue = describe(dataset)
    result: dict[str, Any] = {"train_s": round(train_s, 3), "chosen": trained.report}
    per_user: dict[str, np.ndarray[Any, Any]] = {}
    for name, part in load_tests(folder, n_items=len(dataset.items)).items():
        found = evaluate_scorer(
            trained.score,
            queries,
            part.test,
            ks=settings["ks"],
            catalogue=catalogue,
            allowed=part.allowed,
        )
        result.setdefault("recommend_s", round(found.recommend_s, 3))
        result[name] = rounded(found)
        per_user |= {f"{name}/{metric}": column for metric, column in found.per_user.items()}
    return result, per_user


def peak_rss_mb() -> float:
    """The most memory that this process has held.

    On Linux from VmHWM: ru_maxrss there starts from what the parent held at the fork.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return _megabytes(resource.getrusage(resource.RUSAGE_SELF))


def _megabytes(used: resource.struct_rusage) -> float:
    return used.ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def _failure(kind: str, message: str) -> dict[str, Any]:
    return {"error": {"kind": kind, "message": message or kind}}


def _limit_memory(megabytes: float | None) -> None:
    """Makes an allocation beyond the limit fail here, instead of taking the machine down."""
    if megabytes is not None:
        bound = int(megabytes * 2**20)
        resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))


def _die_first() -> None:
    """When memory runs out, the system should end this process, not the one that reports."""
    try:
        Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")
    except OSError:
        return


def _tell(share_of: float = 1.0) -> Callable[[str, float], None]:
    def tell(stage: str, share: float) -> None:
        sys.stdout.write(json.dumps({"stage": stage, "share": share * share_of}) + "\n")
        sys.stdout.flush()

    return tell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
