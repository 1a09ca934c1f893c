"""Training by size: how long ``auto`` takes, and how much memory, on generated logs.

    .venv/bin/python benchmarks/scale.py [--rows 100000 1000000 10000000] [--budget 120]

The logs are those of benchmarks/import.py. Each is imported into a new workspace, and trained
on in a process of its own; memory is the peak resident size of that process and of its
children. Writes benchmarks/results/scale.json and prints a table.
"""

from __future__ import annotations

import argparse
import json
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

import zhiyin

RESULTS = Path(__file__).parent / "results" / "scale.json"
_CHILD = """
import json, resource, sys, time
import zhiyin
start = time.perf_counter()
with zhiyin.open(sys.argv[1]) as shop:
    trained = shop.train(budget=sys.argv[2])
    seconds = time.perf_counter() - start
    engine = shop.engine()
    users = engine.trained.users.ids[:200]
    spent = []
    for user in users:
        start = time.perf_counter()
        engine.recommend(user, n=10)
        spent.append(time.perf_counter() - start)
usage = [resource.getrusage(w).ru_maxrss for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({
    "seconds": round(seconds, 2), "train_s": trained.report["train_s"],
    "peak_rss_mb": round(max(usage) / 1024), "chosen": trained.report["chosen"],
    "skipped": trained.report["skipped"], "users": len(trained.users), "items": len(trained.items),
    "slate_p50_ms": round(sorted(spent)[len(spent) // 2] * 1e3, 2),
}))
"""


def main() -> None:
    """Generates, imports, trains, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--budget", type=int, default=120)
    arguments = parser.parse_args()
    generate = runpy.run_path(str(Path(__file__).with_name("import.py")))["generate"]
    cases = []
    for rows in arguments.rows:
        with tempfile.TemporaryDirectory() as folder:
            log, shop = Path(folder) / "log.parquet", Path(folder) / "shop"
            generate(rows, log)
            with zhiyin.open(shop) as workspace:
                workspace.import_events(log)
            command = [sys.executable, "-c", _CHILD, str(shop), f"{arguments.budget}s"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(done.stderr)
            cases.append({"rows": rows, **json.loads(done.stdout)})
            Console().print(cases[-1], style="dim")
    report = {"budget_s": arguments.budget, "cases": cases}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    table = Table(title=f"auto, budget {arguments.budget} s", title_justify="left")
    for column in ("rows", "users", "items", "seconds", "peak MB", "one slate ms", "chosen"):
        table.add_column(column)
    for case in cases:
        chosen = ", ".join(f"{name} {weight}" for name, weight in case["chosen"].items())
        figures = (case["rows"], case["users"], case["items"], case["seconds"], case["peak_rss_mb"])
        table.add_row(*(f"{f:,}" for f in figures), str(case["slate_p50_ms"]), chosen)
    Console().print(table)


if __name__ == "__main__":
    main()
