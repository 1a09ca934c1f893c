"""Exact search and the graph: milliseconds, recall, and bytes per second against the machine.

    python benchmarks/index.py [--rows 100000 --million 1000000]

Writes benchmarks/results/index.json. Scanning is bound by memory, so beside each time
stand the bytes that the scan read per second and what the machine's memory gave to a
plain sum over as much data, measured in the same minute.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import VectorIndex
from zhiyin.encode.index.exact import ExactConfig, ExactIndex
from zhiyin.encode.index.hnsw import HnswConfig, HnswIndex

RESULT = Path(__file__).parent / "results" / "index.json"
DIM = 128
K = 10
QUERIES = 200


def catalogue(n: int, *, seed: int) -> Floats:
    """Unit vectors like whitened text: many loose groups, of uneven size."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((n // 200 + 1, DIM), dtype=np.float32)
    group = np.minimum(rng.zipf(1.3, n) - 1, len(centres) - 1)
    rows = 0.6 * centres[group] + rng.standard_normal((n, DIM), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def milliseconds(run: Callable[[int], Any], rounds: int) -> dict[str, float]:
    """Percentiles of the wall time of single calls, and the mean CPU time."""
    run(0)
    times: list[float] = []
    cpu = time.process_time()
    for turn in range(rounds):
        start = time.perf_counter()
        run(turn)
        times.append(1e3 * (time.perf_counter() - start))
    cpu = 1e3 * (time.process_time() - cpu) / rounds
    p50, p95 = np.percentile(times, [50, 95])
    return {
        "p50_ms": round(float(p50), 3),
        "p95_ms": round(float(p95), 3),
        "best_ms": round(min(times), 3),
        "cpu_ms": round(cpu, 3),
    }


def bandwidth(size: int) -> float:
    """GB/s of reading: the best of several sums over ``size`` bytes."""
    data = np.ones(size // 4, dtype=np.float32)
    ones = np.ones(1024, dtype=np.float32)
    rows = data[: len(data) // 1024 * 1024].reshape(-1, 1024)
    best = np.inf
    for _ in range(7):
        start = time.perf_counter()
        rows @ ones
        best = min(best, time.perf_counter() - start)
    return round(rows.nbytes / best / 1e9, 2)


def recall(index: VectorIndex, queries: Floats, true: list[set[int]]) -> float:
    """The share of true neighbours that are found."""
    lists = index.search(queries, k=K).items
    return float(np.mean([len(set(a.tolist()) & b) / K for a, b in zip(lists, true, strict=True)]))


def exact_at(n: int) -> tuple[dict[str, Any], Floats, Floats, list[set[int]]]:
    """Both scans at a size."""
    rows = catalogue(n, seed=1)
    queries = catalogue(QUERIES, seed=2)
    result: dict[str, Any] = {"rows": n, "dim": DIM}
    true: list[set[int]] = []
    for scan, width in (("float", 4), ("int8", 1)):
        index = ExactIndex(ExactConfig.model_validate({"scan": scan})).build(rows)
        if not true:
            true = [set(items.tolist()) for items in index.search(queries, k=K).items]
        read = n * DIM * width
        found = milliseconds(
            lambda turn, index=index: index.search(queries[turn % QUERIES][None], k=K), QUERIES
        )
        found["recall@10"] = recall(index, queries, true)
        found["best_GB_per_s"] = round(read / found["best_ms"] / 1e6, 2)
        found["machine_GB_per_s"] = bandwidth(read)
        result[scan] = found
    result["chosen_here"] = ExactIndex().build(rows).scan
    return result, rows, queries, true


def graph_at(rows: Floats, queries: Floats, true: list[set[int]]) -> dict[str, Any]:
    """The graph at a size, for several widths of search."""
    start = time.perf_counter()
    index = HnswIndex(HnswConfig(expansion_add=64)).build(rows)
    result: dict[str, Any] = {"build_s": round(time.perf_counter() - start, 1)}
    for width in (64, 128, 256):
        index._graph.expansion_search = width
        found = milliseconds(lambda turn: index.search(queries[turn % QUERIES][None], k=K), QUERIES)
        result[f"expansion_{width}"] = {**found, "recall@10": recall(index, queries, true)}
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--million", type=int, default=1_000_000)
    sizes = parser.parse_args()
    result: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "load_average": [round(v, 1) for v in os.getloadavg()]}
    }
    result["exact"], *_ = exact_at(sizes.rows)
    save(result)
    if sizes.million:
        result["million"], rows, queries, true = exact_at(sizes.million)
        save(result)
        result["million"]["hnsw"] = graph_at(rows, queries, true)
        save(result)


def save(result: dict[str, Any]) -> None:
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
