"""One user at a time, and all at once, on ML-1M: how long it takes, and where the time goes.

    .venv/bin/python benchmarks/one_user.py [--budget 60s] [--data ../shared/data]

Imports ml-1m into a new workspace, trains ``auto`` (the command line's default: what comes
next), and asks for 1,000 users in turn: the whole engine (history read, scores, slate, exposure
logged on disk), the scores with their top 10 alone, and these without content, which scores the
467 films that nobody took. Then `recommend_all` makes
the top 10 of all users, three times; the median counts. Writes
benchmarks/results/one-user.json.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import zhiyin
from zhiyin.core.candidates import Queries
from zhiyin.core.histories import Floats
from zhiyin.core.topk import bar, top_k
from zhiyin.pipeline.batch import recommend_all
from zhiyin.pipeline.trained import Trained

RESULTS = Path(__file__).parent / "results" / "one-user.json"
_USERS = 1_000


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", default="60s")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments = parser.parse_args()
    source = arguments.data / "ml-1m"
    with tempfile.TemporaryDirectory() as folder, zhiyin.open(folder) as shop:
        started = time.perf_counter()
        shop.import_files(events=source / "interactions.parquet", items=source / "items.parquet")
        imported = time.perf_counter() - started
        trained = shop.train(budget=arguments.budget)
        engine = shop.engine()
        ids = engine.trained.users.ids
        users = np.random.default_rng(0).integers(0, len(ids), _USERS)

        def whole(user: int) -> None:
            engine.recommend(ids[user], n=10)

        def scores_only(user: int, *, score: Callable[[Queries], Floats]) -> None:
            history = engine.trained.histories.take(np.array([user]))
            scores = score(Queries(history, np.array([user], dtype=np.int32)))
            bar(scores, history)
            top_k(scores, k=10, tie_order=engine.trained.items.tie_order)

        report = {
            "chosen": trained.report["chosen"],
            "goal": trained.report["goal"],
            "import_s": round(imported, 2),
            "train_s": trained.report["train_s"],
            "cpus": os.cpu_count(),
            "load": os.getloadavg()[0],
            "engine_ms": percentiles(whole, users),
            "scores_ms": percentiles(partial(scores_only, score=engine.trained.score), users),
            "behaviour_ms": percentiles(
                partial(scores_only, score=engine.trained.by_behaviour), users
            ),
            "all_users_s": all_users(engine.trained),
            "all_users_by_behaviour_s": all_users(replace(engine.trained, content=None)),
        }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    show(report)


def percentiles(ask: Callable[[int], None], users: np.ndarray) -> dict[str, float]:
    """Milliseconds per query, after a warm-up of 100."""
    for user in users[:100]:
        ask(int(user))
    spent = []
    for user in users:
        started = time.perf_counter()
        ask(int(user))
        spent.append((time.perf_counter() - started) * 1e3)
    return {f"p{p}": round(float(np.percentile(spent, p)), 3) for p in (50, 95, 99)}


def all_users(trained: Trained) -> float:
    """Seconds for everybody's top 10, the median of three."""
    spent = []
    for _ in range(3):
        started = time.perf_counter()
        recommend_all(trained, n=10)
        spent.append(time.perf_counter() - started)
    return round(sorted(spent)[1], 3)


def show(report: dict) -> None:
    """Prints the table."""
    table = Table(title=f"one user of ml-1m, {report['chosen']}", title_justify="left")
    for column in ("what", "p50 ms", "p95 ms", "p99 ms"):
        table.add_column(column)
    for name in ("engine_ms", "scores_ms", "behaviour_ms"):
        table.add_row(name, *(f"{report[name][p]:.2f}" for p in ("p50", "p95", "p99")))
    Console().print(table)
    Console().print(
        f"top 10 of all users: {report['all_users_s']:.2f} s, "
        f"without content {report['all_users_by_behaviour_s']:.2f} s"
    )


if __name__ == "__main__":
    main()
