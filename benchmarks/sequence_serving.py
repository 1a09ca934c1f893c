"""One user's next items from a sequence model: history of 200, one thread, scores and top 10.

    .venv/bin/python benchmarks/sequence_serving.py [--models hstu sasrec gru]

Networks as shipped, with weights as they begin: what they know does not change the time.
Prints the median and the 95th percentile over 300 queries, for 3,416 and for 100,000 items,
and writes benchmarks/results/sequence-serving.json. Exit code 1 where the median of ``hstu``
is above 2 or 5 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from zhiyin.core.candidates import Queries
from zhiyin.core.histories import Histories
from zhiyin.core.registry import RETRIEVERS, load, load_path
from zhiyin.core.topk import bar, top_k
from zhiyin.models.sequence.network import served

RESULTS = Path(__file__).parent / "results"
LIMITS = {3_416: 2.0, 100_000: 5.0}
QUERIES, WARM_UP, LENGTH = 300, 20, 200


def main() -> int:
    """Measures every model on every size of catalogue."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=["hstu", "sasrec", "gru"])
    arguments = parser.parse_args()
    console = Console()
    table = Table(title="one user, history 200, one thread", title_justify="left")
    for column in ("model", "items", "scores p50 ms", "whole p50 ms", "p95 ms", "limit"):
        table.add_column(column)
    found: list[dict[str, Any]] = []
    with threadpool_limits(1):
        for name in arguments.models:
            for n_items, limit in LIMITS.items():
                entry = measured(name, n_items)
                found.append(entry)
                table.add_row(
                    name,
                    f"{n_items:,}",
                    *(f"{entry[key]:.2f}" for key in ("scores_p50_ms", "p50_ms", "p95_ms")),
                    f"{limit:.0f}",
                )
    console.print(table)
    document = {"load": os.getloadavg()[0], "results": found}
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "sequence-serving.json"
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    kept = [e["p50_ms"] <= LIMITS[e["items"]] for e in found if e["model"] == "hstu"]
    return 0 if all(kept) else 1


def measured(name: str, n_items: int) -> dict[str, Any]:
    """Times of one model over one catalogue."""
    cls = load(RETRIEVERS, name)
    config = cls.Config()
    model = cls(config).restore(served(load_path(cls.network)(config, n_items), config))
    rng = np.random.default_rng(0)
    order = np.arange(n_items, dtype=np.int32)
    scoring: list[float] = []
    whole: list[float] = []
    for _ in range(WARM_UP + QUERIES):
        items = rng.choice(n_items, LENGTH, replace=False).astype(np.int32)
        ones = np.ones(LENGTH, dtype=np.float32)
        history = Histories(np.array([0, LENGTH]), items, ones, n_items)
        query = Queries(history, np.array([-1], dtype=np.int32))
        began = time.perf_counter()
        scores = model.score(query)
        scored = time.perf_counter()
        bar(scores, history)
        top_k(scores, k=10, tie_order=order)
        scoring.append(scored - began)
        whole.append(time.perf_counter() - began)
    ms = 1000 * np.array([scoring[WARM_UP:], whole[WARM_UP:]])
    return {
        "model": name,
        "items": n_items,
        "scores_p50_ms": round(float(np.median(ms[0])), 3),
        "p50_ms": round(float(np.median(ms[1])), 3),
        "p95_ms": round(float(np.percentile(ms[1], 95)), 3),
    }


if __name__ == "__main__":
    sys.exit(main())
