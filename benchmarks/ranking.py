"""What ranking 500 candidates of 40 features costs, by size of the trees.

    .venv/bin/python benchmarks/ranking.py

Trees are grown on 20,000 made-up rows (400 queries of 50; a tenth of the values NaN; eight
features with a linear effect, three with a crooked one). Each figure is the median and the 95th
percentile of 300 calls on one thread, in milliseconds: "wall", and "cpu" of the thread, which
other processes disturb less. "lightgbm" is ``Booster.predict``; "scorer" is `TreesScorer.score`;
"query" is the scorer where 15 of the features are the same for all candidates, as the hour or
what is known of the user are. Gradients of our objectives are timed on the same rows. Writes
benchmarks/results/ranking.json.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from threadpoolctl import threadpool_limits

from zhiyin.core.clock import Deadline
from zhiyin.core.protocols import RankingData
from zhiyin.ranking.lambdarank import LambdaRankConfig, LambdaRankScorer
from zhiyin.ranking.linear import LinearScorer
from zhiyin.ranking.objectives import LambdaRankObjective, ListNetObjective, PairwiseObjective

RESULTS = Path(__file__).parent / "results"
SIZES = [(300, 63), (300, 31), (100, 31), (60, 15)]
SEED = 42
QUERIES, LENGTH, FEATURES, CANDIDATES = 400, 50, 40, 500


def made_up() -> RankingData:
    """Rows with a planted order."""
    rng = np.random.default_rng(SEED)
    rows = QUERIES * LENGTH
    x = rng.normal(size=(rows, FEATURES))
    liking = x[:, :8].sum(axis=1) + np.sin(3 * x[:, 8]) + x[:, 9] * x[:, 10]
    labels = np.digitize(liking + rng.normal(size=rows), [3, 5, 7])
    x[rng.random(x.shape) < 0.1] = np.nan
    names = tuple(f"feature {at}" for at in range(FEATURES))
    indptr = np.arange(0, rows + 1, LENGTH)
    return RankingData(x.astype(np.float32), labels.astype(np.float32), indptr, names)


def timed(call: Callable[[], object], *, calls: int = 300) -> dict[str, list[float]]:
    """Median and 95th percentile of wall clock and CPU, in milliseconds."""
    for _ in range(10):
        call()
    spent = np.empty((calls, 2))
    for at in range(calls):
        wall, cpu = time.perf_counter(), time.thread_time()
        call()
        spent[at] = time.perf_counter() - wall, time.thread_time() - cpu
    found = 1000 * np.percentile(spent, [50, 95], axis=0)
    return {"wall": found[:, 0].round(3).tolist(), "cpu": found[:, 1].round(3).tolist()}


def measured() -> dict[str, Any]:
    """All figures."""
    data = made_up()
    candidates = data.features[:CANDIDATES].copy()
    query = candidates.copy()
    query[:, 15:30] = query[0, 15:30]
    report: dict[str, Any] = {"scores": {}, "gradients": {}}
    for trees, leaves in SIZES:
        scorer = LambdaRankScorer(LambdaRankConfig(trees=trees, leaves=leaves, threads=1))
        start = time.perf_counter()
        scorer.fit(data, rng=np.random.default_rng(SEED), deadline=Deadline(600))
        fit_s = time.perf_counter() - start
        state = scorer.state()
        start = time.perf_counter()
        LambdaRankScorer().restore(state)
        restore_s = time.perf_counter() - start
        booster = lightgbm.Booster(model_str=state["trees"].tobytes().decode())
        report["scores"][f"{trees} x {leaves}"] = {
            "lightgbm": timed(lambda b=booster: b.predict(candidates, num_threads=1)),
            "scorer": timed(lambda s=scorer: s.score(candidates)),
            "query": timed(lambda s=scorer: s.score(query)),
            "fit_s": round(fit_s, 1),
            "restore_s": round(restore_s, 3),
            "state_kb": round(sum(array.nbytes for array in state.values()) / 1000),
        }
    linear = LinearScorer().fit(data, rng=np.random.default_rng(SEED), deadline=Deadline(60))
    report["scores"]["linear"] = {"scorer": timed(lambda: linear.score(candidates))}
    scores = np.random.default_rng(SEED).normal(size=len(data.labels))
    for name, kind in (
        ("listnet", ListNetObjective),
        ("pairwise", PairwiseObjective),
        ("lambdarank", LambdaRankObjective),
    ):
        objective = kind(data.labels, data.indptr)
        gradients = objective.gradients
        report["gradients"][name] = timed(lambda g=gradients: g(scores), calls=20)
    return report


def main() -> int:
    """Measures, writes and prints the result."""
    before = os.getloadavg()[0]
    with threadpool_limits(1):
        found = measured()
    report = {
        "command": "benchmarks/ranking.py",
        "rows": QUERIES * LENGTH,
        "candidates": CANDIDATES,
        "features": FEATURES,
        "milliseconds": "[median, 95th percentile]",
        "load": [round(before, 1), round(os.getloadavg()[0], 1)],
        **found,
    }
    text = json.dumps(report, indent=1) + "\n"
    (RESULTS / "ranking.json").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
