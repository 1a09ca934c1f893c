"""Search at 100,000 items: milliseconds per query, the encoding of the query included.

    python benchmarks/search.py [DATA] [--rows 100000]      (default ../shared/data)

The texts are those of amazon-industrial; their vectors are encoded once and repeated with
noise, since only how many there are matters; words are indexed for real. Beside it, 10,000
items with title and description from the text to the first answer. BLAS has one thread, as
in a service of several workers. Writes benchmarks/results/search.json.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import polars as pl

from zhiyin.encode.encoders.use.encoder import UseEncoder
from zhiyin.pipeline.search.documents import document
from zhiyin.pipeline.search.encoding import encode_documents
from zhiyin.pipeline.search.index import CatalogueIndex, query_centres
from zhiyin.pipeline.search.meaning import MeaningIndex

RESULT = Path(__file__).parent / "results" / "search.json"
QUERIES = [
    "hard start kit",
    "户外防水胶带",
    "cutting disc for steel",
    "测量电压的表",
    "safety glasses",
]
ROUNDS = 20


def catalogue(items: list[dict[str, Any]], n: int) -> CatalogueIndex:
    """An index over n items: words for real, vectors repeated with noise."""
    encoder = UseEncoder()
    documents = [document(item) for item in items]
    vectors, counts = encode_documents(encoder, documents)
    rng = np.random.default_rng(0)
    times = n // len(items) + 1
    repeated = [vectors] + [
        vectors + 0.02 * rng.standard_normal(vectors.shape, dtype=np.float32) * (vectors != 0)
        for _ in range(times - 1)
    ]
    every = (documents * times)[:n]
    total = np.tile(counts, times)[:n]
    index = CatalogueIndex(encoder)
    index.build_words([str(i) for i in range(n)], np.zeros(n, dtype=np.int64), every)
    rows = np.concatenate(repeated)[: int(total.sum())]
    index.meaning = MeaningIndex().build(rows, total, whiten=True, centres=query_centres(encoder))
    return index


def latency(index: CatalogueIndex) -> dict[str, float]:
    """Percentiles over queries that the encoder has not seen."""
    times: list[float] = []
    encoding: list[float] = []
    cpu = time.process_time()
    for turn in range(ROUNDS):
        for query in QUERIES:
            text = f"{query} {turn}"
            start = time.perf_counter()
            vector = index.encoder.encode([text], role="query").vectors[0]
            encoding.append(time.perf_counter() - start)
            found = index.find(text, vector)
            np.argsort(-(found.meaning + found.keywords))[:10]
            times.append(time.perf_counter() - start)
    cpu = (time.process_time() - cpu) / len(times)
    p50, p95 = np.percentile(times, [50, 95])
    return {
        "p50_ms": round(1e3 * float(p50), 2),
        "p95_ms": round(1e3 * float(p95), 2),
        "best_ms": round(1e3 * min(times), 2),
        "encoding_p50_ms": round(1e3 * float(np.median(encoding)), 2),
        "cpu_ms": round(1e3 * cpu, 2),
    }


def searchable(items: list[dict[str, Any]], n: int = 10_000) -> dict[str, float]:
    """Wall and CPU seconds from items to the first answer."""
    some = [
        {**items[i % len(items)], "title": f"{items[i % len(items)]['title']} {i}"}
        for i in range(n)
    ]
    start, cpu = time.perf_counter(), time.process_time()
    index = CatalogueIndex(UseEncoder())
    documents = [document(item) for item in some]
    index.build([str(i) for i in range(n)], np.zeros(n, dtype=np.int64), documents)
    index.find("hard start kit", index.encoder.encode(["hard start kit"]).vectors[0])
    return {
        "items": n,
        "vectors": len(index.meaning),
        "wall_s": round(time.perf_counter() - start, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    items = pl.read_parquet(options.data / "amazon-industrial" / "items.parquet").to_dicts()
    index = catalogue(items[:1000], options.rows)
    result = {
        "machine": {
            "cores": os.cpu_count(),
            "load_average": [round(v, 1) for v in os.getloadavg()],
        },
        "rows": options.rows,
        "vectors": len(index.meaning),
        "search": latency(index),
        "searchable": searchable(items),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
