"""Speed and memory of every model on ml-1m, against implicit's ALS in the same run.

    .venv/bin/python benchmarks/models.py [--only NAME ...] [--data ../shared/data/ml-1m]

Each model runs in a process of its own, on the whole log in order: seconds to fit, seconds
to rank the top 10 of all users (seen items left out), milliseconds to score and rank one
user (median of 300), and the peak resident memory. So that a busy machine is busy for both,
every process also fits implicit's ALS (its defaults, its own calls), and single users are
asked of the two in turn; the ratios are to that twin. Writes benchmarks/results/models.json
and prints a table.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from implicit.cpu.als import AlternatingLeastSquares
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Histories, histories_from_columns
from zhiyin.core.registry import RETRIEVERS, load, registered
from zhiyin.core.topk import bar, chunks, top_k

RESULTS = Path(__file__).parent / "results"
_K = 10
_SAMPLE = 300


def read(folder: Path) -> Histories:
    """The whole log as histories, in the order of ``position``."""
    frame = pl.read_parquet(folder / "interactions.parquet").drop_nulls("position")
    codes = [
        frame[name].rank("dense").to_numpy().astype(np.int64) - 1 for name in ("user_id", "item_id")
    ]
    return histories_from_columns(
        codes[0],
        codes[1],
        np.ones(frame.height),
        n_users=int(codes[0].max()) + 1,
        n_items=int(codes[1].max()) + 1,
        order=frame["position"].to_numpy().astype(np.int64),
    )


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what the action returned."""
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


@dataclass(frozen=True)
class Contender:
    """What is measured of a fitted model."""

    fit_s: float
    everybody: Callable[[], Any]
    one: Callable[[int], Any]


def ours(name: str, histories: Histories) -> Contender:
    """A registered model with its default config."""
    data = TrainingData(histories)
    model = load(RETRIEVERS, name)()
    rng, deadline = np.random.default_rng(0), Deadline(600)
    fit_s, _ = timed(lambda: model.fit(data, rng=rng, deadline=deadline))
    queries = Queries(histories, np.arange(len(histories), dtype=np.int32))
    order = np.random.default_rng(0).permutation(histories.n_items).astype(np.int32)

    def answer(part: slice) -> None:
        batch = queries.take(part)
        scores = model.score(batch)
        bar(scores, batch.histories)
        top_k(scores, k=_K, tie_order=order)

    def everybody() -> None:
        for part in chunks(len(queries), width=histories.n_items):
            answer(part)

    return Contender(fit_s, everybody, lambda user: answer(slice(user, user + 1)))


def judge(histories: Histories) -> Contender:
    """ALS of implicit with its defaults, through its own calls."""
    matrix = histories.matrix()
    with threadpool_limits(1, "blas"):
        model: Any = AlternatingLeastSquares(random_state=0)
        fit_s, _ = timed(lambda: model.fit(matrix, show_progress=False))
    everyone = np.arange(len(histories))
    return Contender(
        fit_s,
        lambda: model.recommend(everyone, matrix, N=_K),
        lambda user: model.recommend(user, matrix[user], N=_K),
    )


def measure(name: str, histories: Histories) -> dict[str, float]:
    """One row: the model, then its twin, then both in turn."""
    model = ours(name, histories)
    model.one(0)
    all_s, _ = timed(model.everybody)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    twin = judge(histories)
    twin.one(0)
    twin_all_s, _ = timed(twin.everybody)
    single = [
        (timed(lambda user=user: model.one(user))[0], timed(lambda user=user: twin.one(user))[0])
        for user in range(_SAMPLE)
    ]
    one_s, twin_one_s = np.median(np.array(single), axis=0)
    return {
        "fit_s": round(model.fit_s, 3),
        "all_users_s": round(all_s, 3),
        "one_user_ms": round(float(one_s) * 1e3, 3),
        "peak_rss_mb": round(peak, 1),
        "fit_ratio": round(model.fit_s / twin.fit_s, 2),
        "all_users_ratio": round(all_s / twin_all_s, 2),
        "one_user_ratio": round(float(one_s / twin_one_s), 2),
    }


def main() -> None:
    """Measures each model in its own process, then writes and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=registered(RETRIEVERS))
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ml-1m"))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(arguments.child, read(arguments.data))))
        return
    results: dict[str, dict[str, float]] = {}
    for name in arguments.only:
        command = [sys.executable, __file__, "--data", str(arguments.data), "--child", name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        results[name] = json.loads(done.stdout.splitlines()[-1])
        print(name, results[name], file=sys.stderr)
    report = {"dataset": arguments.data.name, "command": " ".join(sys.argv), "models": results}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "models.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    show(results)


def show(results: dict[str, dict[str, float]]) -> None:
    """Prints the table; in brackets the multiples of implicit's ALS."""
    title = "ml-1m, all events; in brackets: times implicit's ALS in the same process"
    table = Table(title=title, title_justify="left")
    for column in ("model", "fit s", "all users, top 10, s", "one user ms", "peak MB"):
        table.add_column(column, justify="left" if column == "model" else "right")
    for name, row in results.items():
        cells = [
            f"{row[key]:.2f} ({row[ratio]:.1f})"
            for key, ratio in (
                ("fit_s", "fit_ratio"),
                ("all_users_s", "all_users_ratio"),
                ("one_user_ms", "one_user_ratio"),
            )
        ]
        table.add_row(name, *cells, f"{row['peak_rss_mb']:.0f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
