"""The ranker against the blend that it puts in order: NDCG@10 with paired intervals.

    .venv/bin/python benchmarks/ranker.py [--only NAME ...] [--budget 300] [--data DIR]

Each data set is trained once by ``auto``; its test users are then ranked twice, by the blend
alone and by blend and ranker. Where validation kept no ranker, the two are the same, and the
table says why. For a log of impressions see benchmarks/impressions.py. Writes
benchmarks/results/ranker.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from zhiyin.core.progress import silent
from zhiyin.evaluation.bootstrap import BootstrapConfig, differences
from zhiyin.evaluation.scoring import evaluate_scorer
from zhiyin.pipeline.benchmark.folder import as_dataset, read_split
from zhiyin.pipeline.measuring import as_queries, describe
from zhiyin.pipeline.train import train

RESULTS = Path(__file__).parent / "results" / "ranker.json"
DATASETS = ("ml-100k", "ml-1m", "retailrocket-small", "amazon-industrial")
METRICS = ("hr@10", "ndcg@10")


def main() -> int:
    """Measures what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(DATASETS), default=list(DATASETS))
    parser.add_argument("--budget", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments = parser.parse_args()
    results: dict[str, Any] = {}
    if RESULTS.exists():
        results = json.loads(RESULTS.read_text(encoding="utf-8"))
    for name in arguments.only:
        results[name] = measured(arguments.data / name, arguments.budget, arguments.seed)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    Console().print(table(results))
    return 0


def measured(folder: Path, budget: float, seed: int) -> dict[str, Any]:
    """Trains once and ranks twice."""
    split = read_split(folder, protocol="leave-one-out", seed=seed)
    dataset = as_dataset(split, folder)
    trained = train(dataset, recipe="auto", budget_s=budget, seed=seed, progress=silent)
    queries, catalogue = as_queries(dataset), describe(dataset)
    test = next(iter(split.tests.values()))
    found = {
        name: evaluate_scorer(
            score, queries, test.test, ks=[10], catalogue=catalogue, allowed=test.allowed
        )
        for name, score in (("blend", trained.retrieve), ("ranker", trained.score))
    }
    values = {name: {m: each.per_user[m] for m in METRICS} for name, each in found.items()}
    gaps = differences(values["ranker"], values["blend"], BootstrapConfig())
    told = trained.report["ranker"]
    return {
        "budget_s": budget,
        "seed": seed,
        "users": len(found["blend"].rows),
        "chosen": trained.report["chosen"],
        "trial": told,
        "recommend_s": {name: round(each.recommend_s, 2) for name, each in found.items()},
        **{name: {m: round(e.metrics[m], 5) for m in METRICS} for name, e in found.items()},
        "difference": {
            m: {"mean": gap.mean, "low": gap.low, "high": gap.high, "p": gap.p}
            for m, gap in gaps.items()
        },
    }


def table(results: dict[str, Any]) -> Table:
    """A row per data set."""
    shown = Table(title="ranker against blend, test users", title_justify="left")
    for column in ("data set", "blend", "ranker", "difference [95 %]", "kept"):
        shown.add_column(column)
    for name, entry in results.items():
        gap, told = entry["difference"]["ndcg@10"], entry["trial"]
        shown.add_row(
            name,
            f"{entry['blend']['ndcg@10']:.4f}",
            f"{entry['ranker']['ndcg@10']:.4f}",
            f"{gap['mean']:+.4f} [{gap['low']:+.4f}, {gap['high']:+.4f}]",
            told["scorer"] if told["kept"] else told["why"],
        )
    return shown


if __name__ == "__main__":
    sys.exit(main())
