"""The quality figures: ``auto`` on real data sets, against the floors that were promised.

    .venv/bin/python benchmarks/quality.py [--only NAME ...] [--data ../shared/data]

Writes benchmarks/results/quality-NAME.json (the whole report of ``zhiyin benchmark``) for
each run, and prints one table. Exit code 1 where a floor is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from zhiyin.pipeline.benchmark import BenchmarkSettings, benchmark

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Run:
    """One data set under one protocol, and the floors that ``auto`` must reach."""

    dataset: str
    protocol: str
    models: tuple[str, ...]
    budget_s: float = 60.0
    floors: dict[str, float] = field(default_factory=dict[str, float])


_CLASSIC = ("auto", "ease", "ials", "item-knn")

RUNS = {
    "ml-1m-random": Run(
        "ml-1m", "random-split", _CLASSIC, floors={"recall@20": 0.282, "ndcg@20": 0.427}
    ),
    "ml-1m-next": Run(
        "ml-1m", "leave-one-out", (*_CLASSIC, "slit"), floors={"hr@10": 0.226, "ndcg@10": 0.127}
    ),
    "ml-1m-ultragcn": Run(
        "ml-1m-ultragcn", "given-split", _CLASSIC, floors={"recall@20": 0.2787, "ndcg@20": 0.2642}
    ),
    "book-crossing": Run("book-crossing", "random-split", _CLASSIC),
    "ml-100k-next": Run("ml-100k", "leave-one-out", (*_CLASSIC, "slit")),
    "amazon-beauty-next": Run("amazon-beauty", "leave-one-out", ("auto", "ials", "item-knn")),
    "retailrocket": Run("retailrocket-small", "random-split", ("auto", "ials", "item-knn")),
}


def main() -> int:
    """Runs what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(RUNS), default=list(RUNS))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    console = Console()
    table = Table(title="auto against its floors", title_justify="left")
    for column in ("run", "metric", "auto", "floor", "best other", "train s", "users s", "MB", ""):
        table.add_column(column)
    missed = 0
    for name in arguments.only:
        run = RUNS[name]
        settings = BenchmarkSettings(
            protocol=run.protocol, models=run.models, budget_s=run.budget_s
        )
        report = benchmark(
            arguments.data / run.dataset,
            settings,
            progress=lambda stage, share: console.print(f"{share:4.0%} {stage}", style="dim"),
        )
        path = RESULTS / f"quality-{name}.json"
        path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        missed += _rows(table, name, run, report["models"])
    console.print(table)
    return 1 if missed else 0


def _rows(table: Table, name: str, run: Run, models: dict[str, dict]) -> int:
    auto, missed = models["auto"], 0
    metrics = run.floors or dict.fromkeys(("ndcg@10", "recall@20"), 0.0)
    for metric, floor in metrics.items():
        others = {
            m: e["metrics"][metric] for m, e in models.items() if m != "auto" and "metrics" in e
        }
        best = max(others, key=lambda m: others[m])
        limit = floor or others[best]
        reached = auto["metrics"][metric]
        missed += reached < limit
        table.add_row(
            name,
            metric,
            f"{reached:.4f}",
            f"{floor:.4f}" if floor else "",
            f"{others[best]:.4f} {best}",
            f"{auto['train_s']:.0f}",
            f"{auto['recommend_s']:.2f}",
            f"{auto['peak_rss_mb']:.0f}",
            "✓" if reached >= limit else "✗",
        )
    return missed


if __name__ == "__main__":
    sys.exit(main())
