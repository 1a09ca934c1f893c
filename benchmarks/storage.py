"""How fast events are stored and read: SQLite against its bars, a real Postgres beside it.

    .venv/bin/python benchmarks/storage.py [--seconds 5] [--no-postgres]

In each store, from empty: batches of 500 events (what a busy shop sends over HTTP), single
events of which each is on the disk before the next begins, single ones from eight threads,
and the history of one user. The servers' and the files' durability is that of production: a
commit waits for the disk. Beside them stands what the disk allows: how often a file of one
block can be written and synced in a second. Writes benchmarks/results/storage.json; exit code 1
where SQLite misses a bar: 5,000 events/s in batches, 500/s one by one.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from zhiyin.backends.stores import open_sqlite
from zhiyin.backends.stores.postgres import open_postgres
from zhiyin.testing.servers import PostgresServer

RESULTS = Path(__file__).parent / "results"
BATCH = 500
BARS = {"batches_per_s": 5_000, "single_per_s": 500}
THREADS = 8
USERS, ITEMS = 6_040, 3_706


def main() -> int:
    """Measures both stores and prints them side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--postgres", action=argparse.BooleanOptionalAction, default=True)
    arguments = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".storage-") as folder:
        syncs = per_second(synced_writes(Path(folder) / "probe"), seconds=arguments.seconds)
        store = open_sqlite(Path(folder))
        found["sqlite"] = measured(store, arguments.seconds)
        store.close()
    programs = PostgresServer.programs() if arguments.postgres else None
    if programs is not None:
        with PostgresServer(programs, durable=True) as server:
            store = open_postgres(server.url)
            found["postgres"] = measured(store, arguments.seconds)
            store.close()
    missed = {name: bar for name, bar in BARS.items() if found["sqlite"][name] < bar}
    document = {
        "seconds": arguments.seconds,
        "batch": BATCH,
        "threads": THREADS,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "disk_syncs_per_s": round(syncs),
        "bars": BARS,
        "missed": sorted(missed),
        "stores": found,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "storage.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    table = Table(title=f"this disk: {syncs:,.0f} synced writes/s", title_justify="left")
    for column in ("", *found, "bar for SQLite"):
        table.add_column(column, justify="right" if column else "left")
    for name in found["sqlite"]:
        values = (f"{store.get(name, float('nan')):,.2f}" for store in found.values())
        table.add_row(name, *values, f"{BARS[name]:,}" if name in BARS else "")
    Console().print(table)
    return int(bool(missed))


def measured(store: Any, seconds: float) -> dict[str, float]:  # noqa: ANN401 - any store
    """Events per second by each way in, and milliseconds of a history."""
    numbers = Numbers()

    def append(n: int) -> Callable[[], int]:
        return lambda: store.events.append(events(numbers.take(n), n)).accepted

    append(BATCH)()
    result = {
        "batches_per_s": per_second(append(BATCH), seconds=seconds),
        "single_per_s": per_second(append(1), seconds=seconds),
        "single_by_threads_per_s": sum(side_by_side(append(1), seconds=seconds)),
    }
    times: list[float] = []
    for user in range(300):
        began = time.perf_counter()
        store.events.history(user % USERS, limit=500)
        times.append((time.perf_counter() - began) * 1000)
    result |= {"history_ms_p50": float(np.percentile(times, 50))}
    result |= {"history_ms_p95": float(np.percentile(times, 95))}
    began = time.perf_counter()
    n = sum(batch.height for batch in store.events.scan())
    result |= {"events": float(n), "scan_per_s": n / (time.perf_counter() - began)}
    return {name: round(value, 2) for name, value in result.items()}


class Numbers:
    """Gives every event a number of its own, to several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0

    def take(self, n: int) -> int:
        """The first of n numbers that nobody else gets."""
        with self._lock:
            self._next += n
            return self._next - n


def events(start: int, n: int) -> pl.DataFrame:
    """N distinct events, as the service makes them of a request."""
    numbers = np.arange(start, start + n, dtype=np.int64)
    return pl.DataFrame(
        {
            "event_key": numbers * 7919 + 1,
            "user_key": numbers * 31 % USERS,
            "item_key": numbers * 17 % ITEMS,
            "type": ["view"] * n,
            "timestamp": 1_700_000_000_000 + numbers,
            "context": ['{"surface":"home","slate_id":"0123456789abcdef"}'] * n,
        }
    )


def per_second(step: Callable[[], int], *, seconds: float) -> float:
    """How many a step gets done in a second."""
    began, done = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < seconds:
        done += step()
    return done / spent


def side_by_side(step: Callable[[], int], *, seconds: float) -> list[float]:
    """`per_second` in several threads at once."""
    found: list[float] = []
    threads = [
        threading.Thread(target=lambda: found.append(per_second(step, seconds=seconds)))
        for _ in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def synced_writes(path: Path) -> Callable[[], int]:
    """Writes one block to the end of a file and waits for the disk."""
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def write() -> int:
        os.write(file, b"\0" * 4096)
        os.fdatasync(file)
        return 1

    return write


if __name__ == "__main__":
    sys.exit(main())
