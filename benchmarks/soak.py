"""Ten minutes of mixed traffic: memory stays as it is after a warm-up, and nothing fails.

    .venv/bin/python benchmarks/soak.py --workspace /tmp/ml-1m [--minutes 10] [--workers 2]

A copy of the workspace is served; sixteen callers ask for slates and send an event for every
tenth, at a fixed rate. Pss of all processes together is read every ten seconds; growth is the
mean of the last tenth against the mean of the tenth after the warm-up (one minute).
Writes benchmarks/results/soak.json; exit code 1 where memory grew by 2 % or an error came.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from service import CALLERS, RESULTS, Serving, load, look_in

GROWTH = 0.02
_LOOK_S = 10.0


def main() -> int:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rate", type=float, default=50.0, help="requests per second")
    parser.add_argument("--port", type=int, default=18091)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="zhiyin-soak-") as scratch:
        folder = Path(scratch) / "shop"
        shutil.copytree(arguments.workspace, folder)
        report = soak(folder, arguments)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "soak.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))
    return 1 if report["growth"] >= GROWTH or report["load"]["errors"] else 0


def soak(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Serves, asks, and looks at memory."""
    users, items, facts = look_in(folder)
    seconds = arguments.minutes * 60
    with Serving(folder, workers=arguments.workers, port=arguments.port) as server:
        samples: list[float] = []
        stop = threading.Event()

        def look() -> None:
            while not stop.wait(min(_LOOK_S, seconds / 60)):
                samples.append(round(sum(usage["Pss"] for usage in server.memory()), 1))

        thread = threading.Thread(target=look)
        thread.start()
        started = time.perf_counter()
        ask = {"users": users, "items": items}
        found = load(
            arguments.port,
            ask,
            mix="mixed",
            callers=CALLERS,
            seconds=seconds,
            rate=arguments.rate,
        )
        spent = time.perf_counter() - started
        stop.set()
        thread.join()
    tenth = max(1, len(samples) // 10)
    early, late = samples[tenth : 2 * tenth], samples[-tenth:]
    growth = (sum(late) / len(late)) / (sum(early) / len(early)) - 1
    return {
        **facts,
        "minutes": round(spent / 60, 2),
        "workers": arguments.workers,
        "pss_mb": samples,
        "growth": round(growth, 4),
        "load": found,
    }


if __name__ == "__main__":
    sys.exit(main())
