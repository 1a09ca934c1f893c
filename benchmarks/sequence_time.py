"""HSTU with and without its bias for times, on ml-100k, whose timestamps are real; three seeds.

    .venv/bin/python benchmarks/sequence_time.py [--seeds 1 2 3] [--budget 120]

Leave-one-out over all items, as in `zhiyin benchmark`: training on everything but the last
event of each user, early stopping on a part of the training rows. Many ratings of ml-100k carry
the same second, since people rated whole pages; such events stand in the order of the file.
Writes benchmarks/results/sequence-time.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from statistics import mean, stdev

import numpy as np
from rich.console import Console
from rich.table import Table

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.metrics import hit_rate, hits, ndcg
from zhiyin.core.topk import bar, top_k
from zhiyin.models.sequence.hstu import HstuConfig, HstuRetriever
from zhiyin.pipeline.benchmark.folder import read_split

RESULTS = Path(__file__).parent / "results" / "sequence-time.json"


def main() -> int:
    """Trains both with every seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2, 3])
    parser.add_argument("--budget", type=float, default=120.0)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ml-100k"))
    arguments = parser.parse_args()
    split = read_split(arguments.data, protocol="leave-one-out", seed=42)
    train, truth = split.train, split.tests["metrics"].test
    table = Table(title="ml-100k, leave-one-out", title_justify="left")
    for column in ("", "HR@10", "NDCG@10", "seconds"):
        table.add_column(column)
    found: dict[str, dict[str, list[float]]] = {}
    for name, timed in (("time-aware", True), ("time-blind", False)):
        runs: dict[str, list[float]] = {"hr@10": [], "ndcg@10": [], "seconds": []}
        for seed in arguments.seeds:
            began = time.monotonic()
            model = HstuRetriever(HstuConfig(time_bias=timed)).fit(
                TrainingData(train),
                rng=np.random.default_rng(seed),
                deadline=Deadline(arguments.budget),
            )
            runs["seconds"].append(round(time.monotonic() - began, 1))
            scores = model.score(Queries(train, np.full(len(train), -1, dtype=np.int32)))
            bar(scores, train)
            order = split.items.tie_order
            hit = hits(top_k(scores, k=10, tie_order=order).items, truth)
            runs["hr@10"].append(round(float(np.nanmean(hit_rate(hit, 10))), 5))
            runs["ndcg@10"].append(round(float(np.nanmean(ndcg(hit, 10))), 5))
        found[name] = runs
        cells = [
            f"{mean(runs[m]):.4f} ± {stdev(runs[m]) if len(runs[m]) > 1 else 0:.4f}"
            for m in ("hr@10", "ndcg@10")
        ]
        table.add_row(name, *cells, f"{mean(runs['seconds']):.0f}")
    document = {"data": "ml-100k", "seeds": arguments.seeds, "budget_s": arguments.budget, **found}
    RESULTS.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
