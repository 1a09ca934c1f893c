"""Time and memory of imports by size and format, end to end into SQLite.

    .venv/bin/python benchmarks/import.py [--rows 100000 1000000 10000000] [--formats csv parquet]

Each case generates a log (one user per fifty rows, some 50,000 items of skewed popularity,
three types of event, milliseconds) and imports it into a new workspace in a process of its
own. Memory is the largest sum of the resident sizes of that process and its children, read
ten times a second; CPU seconds are those of all of them. What is measured on a busy machine
says so: the load before and after each case is written beside it. Writes
benchmarks/results/import.json and prints a table.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
_ITEMS = 50_000
_PAGE = os.sysconf("SC_PAGE_SIZE")
_CHILD = """
import json, resource, sys, time
import zhiyin
start = time.perf_counter()
with zhiyin.open(sys.argv[1]) as shop:
    first = shop.import_events(sys.argv[2])
seconds = time.perf_counter() - start
usage = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
cpu = sum(u.ru_utime + u.ru_stime for u in usage)
print(json.dumps({"accepted": first.accepted, "seconds": seconds, "cpu_seconds": cpu}))
"""


def generate(rows: int, path: Path) -> None:
    """Writes a log of so many rows."""
    rng = np.random.default_rng(7)
    kinds = pl.Series(["view", "cart", "purchase"])
    frame = pl.DataFrame(
        {
            "user_id": pl.Series(rng.integers(0, max(100, rows // 50), rows)).cast(pl.String),
            "item_id": pl.Series((rng.pareto(1.2, rows) * 50 % _ITEMS).astype(int)).cast(pl.String),
            "event": kinds.gather(rng.choice(3, rows, p=[0.85, 0.1, 0.05])),
            "timestamp": rng.integers(1_600_000_000, 1_700_000_000, rows) * 1000,
        }
    )
    if path.suffix == ".csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)


def measure(rows: int, kind: str, folder: Path) -> dict[str, Any]:
    """One case."""
    path = folder / f"log.{kind}"
    generate(rows, path)
    before = os.getloadavg()[0]
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(folder / "shop"), str(path)], stdout=subprocess.PIPE
    )
    peak = 0
    while child.poll() is None:
        peak = max(peak, _resident(child.pid))
        time.sleep(0.1)
    if child.returncode or child.stdout is None:
        raise SystemExit(f"{rows} rows of {kind}: ended with {child.returncode}")
    found: dict[str, Any] = json.loads(child.stdout.read())
    return {
        "rows": rows,
        "format": kind,
        "file_mb": round(path.stat().st_size / 1e6, 1),
        "store_mb": round((folder / "shop" / "zhiyin.db").stat().st_size / 1e6, 1),
        "accepted": found["accepted"],
        "seconds": round(found["seconds"], 2),
        "cpu_seconds": round(found["cpu_seconds"], 2),
        "rows_per_s": round(rows / found["seconds"]),
        "peak_rss_mb": round(peak / 1e6),
        "load": [round(before, 1), round(os.getloadavg()[0], 1)],
    }


def _resident(pid: int) -> int:
    """Bytes in memory of a process and all below it."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    return pages * _PAGE + sum(_resident(int(child)) for child in children)


def main() -> None:
    """Runs every case."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--formats", nargs="+", default=["csv", "parquet"])
    parser.add_argument("--out", type=Path, default=RESULTS / "import.json")
    arguments = parser.parse_args()
    cases: list[dict[str, Any]] = []
    for rows in arguments.rows:
        for kind in arguments.formats:
            with tempfile.TemporaryDirectory() as folder:
                cases.append(measure(rows, kind, Path(folder)))
    document = {"command": "benchmarks/import.py", "cores": os.cpu_count(), "cases": cases}
    arguments.out.write_text(json.dumps(document, indent=2) + "\n")
    table = Table(title="Import into SQLite", title_justify="left")
    columns = ["rows", "format", "seconds", "cpu_seconds", "rows_per_s", "peak_rss_mb", "store_mb"]
    for column in columns:
        table.add_column(column, justify="right")
    for case in cases:
        table.add_row(*(f"{case[c]:,}" if c != "format" else case[c] for c in columns))
    Console().print(table)


if __name__ == "__main__":
    main()
