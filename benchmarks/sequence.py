"""What comes next: sequence models and ``auto`` on leave-one-out, three seeds each.

    .venv/bin/python benchmarks/sequence.py [--only NAME ...] [--seeds 1 2 3] [--data DIR]

Writes benchmarks/results/sequence-NAME.json (mean, spread, and every run's entry of the report
of ``zhiyin benchmark``), and prints one table. Exit code 1 where a floor is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from rich.console import Console
from rich.table import Table

from zhiyin.pipeline.benchmark import BenchmarkSettings, benchmark

RESULTS = Path(__file__).parent / "results"
METRICS = ("hr@10", "ndcg@10")


@dataclass(frozen=True)
class Run:
    """Models on one data set within one budget; floors are of the last model."""

    dataset: str
    models: tuple[str, ...]
    budget_s: float
    floors: dict[str, float] = field(default_factory=dict[str, float])


RUNS = {
    "ml-1m": Run("ml-1m", ("hstu",), 900.0, {"hr@10": 0.305, "ndcg@10": 0.173}),
    "ml-1m-auto": Run(
        "ml-1m",
        ("popularity", "recent-popularity", "auto"),
        900.0,
        {"hr@10": 0.320, "ndcg@10": 0.187},
    ),
    "ml-1m-others": Run("ml-1m", ("sasrec", "gru"), 900.0),
    "amazon-beauty": Run("amazon-beauty", ("hstu",), 180.0),
    "amazon-beauty-auto": Run(
        "amazon-beauty",
        ("popularity", "recent-popularity", "auto"),
        90.0,  # two processes of one core each: 180 CPU-seconds
        {"hr@10": 0.0808, "ndcg@10": 0.0476},
    ),
    "ml-100k": Run("ml-100k", ("popularity", "recent-popularity", "hstu", "auto"), 180.0),
}


def main() -> int:
    """Runs what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(RUNS), default=list(RUNS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2, 3])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    console = Console()
    table = Table(title="leave-one-out, full ranking", title_justify="left")
    for column in ("run", "model", *METRICS, "floors", "train s", "users s", "MB", ""):
        table.add_column(column)
    missed = 0
    for name in arguments.only:
        run = RUNS[name]
        reports = [_report(run, seed, arguments.data, console) for seed in arguments.seeds]
        found = {model: _summary([r["models"][model] for r in reports]) for model in run.models}
        document = {"seeds": arguments.seeds, "budget_s": run.budget_s, "models": found}
        document |= {key: reports[0][key] for key in ("data", "machine") if key in reports[0]}
        path = RESULTS / f"sequence-{name}.json"
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        missed += _rows(table, name, run, found)
    console.print(table)
    return 1 if missed else 0


def _report(run: Run, seed: int, data: Path, console: Console) -> dict[str, Any]:
    settings = BenchmarkSettings(
        protocol="leave-one-out", models=run.models, budget_s=run.budget_s, seed=seed
    )
    return benchmark(
        data / run.dataset,
        settings,
        progress=lambda stage, share: console.print(f"{share:4.0%} {stage}", style="dim"),
    )


def _summary(entries: list[dict[str, Any]]) -> dict[str, Any]:
    measured = [entry["metrics"] for entry in entries]
    return {
        "mean": {m: round(mean(each[m] for each in measured), 5) for m in measured[0]},
        "spread": {
            m: round(stdev(each[m] for each in measured), 5) if len(measured) > 1 else None
            for m in measured[0]
        },
        "runs": entries,
    }


def _rows(table: Table, name: str, run: Run, found: dict[str, dict[str, Any]]) -> int:
    missed = 0
    for model, summary in found.items():
        floors = run.floors if model == run.models[-1] else {}
        below = [m for m, floor in floors.items() if summary["mean"][m] < floor]
        missed += len(below)
        cells = [
            f"{summary['mean'][m]:.4f}"
            + (f" ± {summary['spread'][m]:.4f}" if summary["spread"][m] is not None else "")
            for m in METRICS
        ]
        runs = summary["runs"]
        table.add_row(
            name,
            model,
            *cells,
            " ".join(f"{floor:.4f}" for floor in floors.values()),
            f"{mean(r['train_s'] for r in runs):.0f}",
            f"{mean(r['recommend_s'] for r in runs):.1f}",
            f"{max(r['peak_rss_mb'] for r in runs):.0f}",
            "✗" if below else "✓" if floors else "",
        )
    return missed


if __name__ == "__main__":
    sys.exit(main())
