"""State neighbours beside SLIT on ml-1m: how accurate each is, and what one user costs.

    .venv/bin/python benchmarks/state_knn.py [--data ../shared/data/ml-1m]

Both are fitted on the training rows of the leave-one-out protocol without everybody's last
one, and judged on it as ``auto`` judges: NDCG@10 over a fixed sample of users, alone and
blended. One user is timed in process: scores, seen items left out, the best ten (median and
95th percentile of 300 users, wall clock, on one thread). Test rows are never read. Writes
benchmarks/results/state-knn.json; see docs/decisions for what followed from it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from zhiyin.core.candidates import Queries
from zhiyin.core.clock import Deadline
from zhiyin.core.protocols import Retriever
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.core.rng import derive_rng
from zhiyin.core.topk import bar, top_k
from zhiyin.data.dataset import Dataset
from zhiyin.models.hybrid.blend import standardised
from zhiyin.pipeline.benchmark.folder import as_dataset, read_split
from zhiyin.pipeline.recipes.validation import Judge, Validation, hold_out
from zhiyin.pipeline.recipes.weights import search_weights

RESULTS = Path(__file__).parent / "results"
MODELS: dict[str, dict[str, Any]] = {"slit": {"decays": (2.0, 10.0)}, "state-knn": {}}
_SEED = 42
_SAMPLE = 300
_K = 10


def fitted(name: str, dataset: Dataset, validation: Validation) -> tuple[float, Retriever]:
    """Seconds of fitting, and the model."""
    cls = load(RETRIEVERS, name)
    data = dataset.training_data(validation.train)
    start = time.perf_counter()
    rng = derive_rng(_SEED, name)
    model = cls(cls.Config(**MODELS[name])).fit(data, rng=rng, deadline=Deadline(600))
    return time.perf_counter() - start, model


def one_user_ms(model: Retriever, queries: Queries) -> list[float]:
    """Milliseconds from a history to ten items, for each sampled user."""
    spent: list[float] = []
    n_items = queries.histories.n_items
    for user in range(min(_SAMPLE, len(queries))):
        history = queries.histories.take(np.array([user]))
        query = Queries(history, queries.users[user : user + 1], queries.as_of)
        start = time.perf_counter()
        scores = model.score(query)
        bar(scores, history)
        top_k(scores, k=_K, tie_order=np.arange(n_items))
        spent.append(1000 * (time.perf_counter() - start))
    return spent


def main() -> int:
    """Measures both, writes and prints the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ml-1m"))
    folder: Path = parser.parse_args().data
    parts = read_split(folder, protocol="leave-one-out", seed=_SEED)
    dataset = as_dataset(parts, folder)
    validation = hold_out(dataset, seed=_SEED)
    judge = Judge(validation)
    models: dict[str, Any] = {}
    scores = []
    for name in MODELS:
        fit_s, model = fitted(name, dataset, validation)
        scores.append(model.score(validation.queries))
        with threadpool_limits(1):
            spent = one_user_ms(model, validation.queries)
        models[name] = {
            "config": model.config.model_dump(mode="json"),
            "fit_s": round(fit_s, 2),
            "validation_ndcg@10": round(judge.value(scores[-1]), 5),
            "one_user_ms": {
                "p50": round(float(np.median(spent)), 3),
                "p95": round(float(np.percentile(spent, 95)), 3),
            },
        }
    goals = [entry["validation_ndcg@10"] for entry in models.values()]
    ranked = sorted(range(len(goals)), key=lambda at: -goals[at])
    shortlist = judge.shortlist([standardised(scores[at]) for at in ranked], size=400)
    weights, reached = search_weights(shortlist, best=0)
    report = {
        "command": "benchmarks/state_knn.py",
        "dataset": folder.name,
        "protocol": "leave-one-out, everybody's last training row as validation",
        "seed": _SEED,
        "judged_users": len(validation.queries),
        "items": len(dataset.items),
        "models": models,
        "blend": {
            "validation_ndcg@10": round(reached, 5),
            "weights": {
                list(MODELS)[at]: float(weight) for at, weight in zip(ranked, weights, strict=True)
            },
        },
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(report, indent=1) + "\n"
    (RESULTS / "state-knn.json").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
