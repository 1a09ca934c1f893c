"""From 500 candidates to a slate: features, ranker, rules, diversity; one query on one thread.

    .venv/bin/python benchmarks/ranked_slate.py [--dataset ml-100k] [--queries 600]

EASE and SLIT find the candidates; rankers of three sizes learn on held-out events (by folds, as
``auto`` does) and put 500 candidates of a query in order; the stage that makes slates then
applies a filter, a boost, caps, a pin, a promoted share and DPP (the surface "whole" of
benchmarks/slating.py). Limits: p50 <= 12 ms and p99 <= 25 ms with the full ranker, p50 <= 4 ms
with a compact one. "batch" is the same ranker over 200 queries at once, a query's share. "shap"
is the exact part that every feature has in the scores of ten items, with the features of all
candidates worked out anew; with the words of a slate (benchmarks/narration.py) it may take
60 ms. Writes benchmarks/results/ranked-slate-DATASET.json.
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
from slating import NOW, made_up_slater  # the same surfaces, the same made-up attributes
from threadpoolctl import threadpool_limits

from zhiyin.core.candidates import Candidates, Queries
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.core.rng import derive_rng
from zhiyin.core.topk import bar, top_k
from zhiyin.models.hybrid.blend import Blend, Member
from zhiyin.pipeline.benchmark.folder import as_dataset, read_split
from zhiyin.pipeline.ranker.learn import RankerRecipe, ScorerChoice
from zhiyin.pipeline.ranker.stage import RankerStage, asked_now, at_items
from zhiyin.pipeline.recipes.ranked import consider_ranker
from zhiyin.pipeline.recipes.validation import hold_out
from zhiyin.pipeline.slating import SlateQuery
from zhiyin.ranking.attribution import contributions

RESULTS = Path(__file__).parent / "results"
CANDIDATES, LIMITS = 500, {"full": (12.0, 25.0), "compact": (4.0, None), "linear": (4.0, None)}
SHAP_MS = 60.0
_TREES = {"learning_rate": 0.07, "min_rows": 40, "l2": 5.0, "feature_share": 0.5, "threads": 1}
SCORERS = {
    "linear": ("linear", {}),
    "compact": (
        "lambdarank",
        {**_TREES, "trees": 64, "leaves": 15, "learning_rate": 0.1, "bins": 63},
    ),
    "full": ("lambdarank", {**_TREES, "trees": 300, "leaves": 31, "learning_rate": 0.04}),
}
MODELS = {"slit": {"decays": (2.0, 10.0)}, "ease": {"query_decay": 10.0}}


def main() -> int:
    """Learns, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="ml-100k")
    parser.add_argument("--queries", type=int, default=600)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments = parser.parse_args()
    folder = arguments.data / arguments.dataset
    dataset = as_dataset(read_split(folder, protocol="leave-one-out", seed=42), folder)
    validation = hold_out(dataset, seed=42)
    data, members = dataset.training_data(validation.train), []
    for name, settings in MODELS.items():
        cls = load(RETRIEVERS, name)
        model = cls(cls.Config(**settings))
        model.fit(data, rng=derive_rng(1, name), deadline=Deadline(600))
        members.append(Member(name, 1.0, model))
    report: dict[str, Any] = {"load": round(os.getloadavg()[0], 2), "rankers": {}}
    with threadpool_limits(1):
        for label, (name, settings) in SCORERS.items():
            recipe = RankerRecipe(
                scorers=(ScorerChoice(name=name, settings=settings),), certainty=-1e9, least=1
            )
            found = consider_ranker(
                members,
                dataset,
                validation,
                bridge=None,
                catalogue=None,
                room=Deadline(3600),
                seed=1,
                progress=lambda stage, share: None,
                recipe=recipe,
            )
            if found.stage is None:
                raise SystemExit(f"no ranker was learned: {found.report}")
            stage = found.stage
            stage.candidates = CANDIDATES
            trial = found.report["trials"][0]
            report["rankers"][label] = {
                "ndcg@10": {key: trial[key] for key in ("blend", "ranker", "standard_error")},
                "features": len(stage.features.names),
                **measured(stage, Blend(members), validation.queries, arguments.queries),
            }
    path = RESULTS / f"ranked-slate-{arguments.dataset}.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return show(report)


def measured(stage: RankerStage, blend: Blend, everyone: Queries, queries: int) -> dict[str, Any]:
    """Milliseconds of ranking and of making the slate, and of a query's share in a batch."""
    slater, vocabulary = made_up_slater(np.random.default_rng(0))
    spent: dict[str, list[float]] = {"rank": [], "slate": [], "whole": [], "cpu": [], "shap": []}
    for at in range(queries + 30):
        row = at % len(everyone)
        asked = everyone.take(slice(row, row + 1))
        parts: dict[str, Floats] = {}
        scores = blend.score(asked, keep=parts)
        bar(scores, asked.histories)
        best = top_k(scores, k=CANDIDATES, tie_order=np.arange(scores.shape[1]))
        columns = {name: at_items(values, best.items) for name, values in parts.items()}
        query = SlateQuery(None, "whole", NOW, 10, seed=at, context={"device": "phone"})
        began, started = time.process_time(), time.perf_counter()
        ranked = stage.order(Candidates(best.items, best.scores, columns), asked, now=NOW)
        middle = time.perf_counter()
        slater.slate(ranked, slater.open(query, vocabulary), scores[0])
        ended = time.perf_counter()
        spent["rank"].append((middle - started) * 1e3)
        spent["slate"].append((ended - middle) * 1e3)
        spent["whole"].append((ended - started) * 1e3)
        spent["cpu"].append((time.process_time() - began) * 1e3)
        started = time.perf_counter()
        found = Candidates(best.items, best.scores, columns)
        best_ten = asked_now(found, asked, CANDIDATES, now=NOW, context=None, shown=None)
        told = contributions(stage.scorer, stage.features.compute(best_ten)[:10])
        spent["shap"].append((time.perf_counter() - started) * 1e3)
        if told is None or len(told) != 10:
            raise SystemExit("the ranker's scorer knows no exact contributions")
    many = everyone.take(slice(0, min(200, len(everyone))))
    parts = {}
    scores = blend.score(many, keep=parts)
    started = time.perf_counter()
    stage.apply(many, scores, parts)
    share = (time.perf_counter() - started) * 1e3 / len(many)
    found: dict[str, Any] = {
        name: {f"p{p}": round(float(np.percentile(values[30:], p)), 3) for p in (50, 95, 99)}
        for name, values in spent.items()
    }
    return {**found, "batch_ms": round(share, 3)}


def show(report: dict[str, Any]) -> int:
    """Prints the table; 1 where a limit is exceeded."""
    table, missed = Table(title="500 candidates to a slate of ten, ms", title_justify="left"), 0
    for column in ("ranker", "NDCG@10", "rank", "slate", "p50", "p99", "shap", "batch", "limits"):
        table.add_column(column)
    for name, row in report["rankers"].items():
        middle, last = LIMITS[name]
        p50, p99 = row["whole"]["p50"], row["whole"]["p99"]
        over = p50 > middle or (last is not None and p99 > last) or row["shap"]["p50"] > SHAP_MS
        missed += over
        quality = row["ndcg@10"]
        table.add_row(
            name,
            f"{quality['blend']:.4f} -> {quality['ranker']:.4f}",
            f"{row['rank']['p50']:.2f}",
            f"{row['slate']['p50']:.2f}",
            f"{p50:.2f}",
            f"{p99:.2f}",
            f"{row['shap']['p50']:.2f}",
            f"{row['batch_ms']:.2f}",
            f"{middle:g}" + ("" if last is None else f" / {last:g}") + (" ✗" if over else " ✓"),
        )
    Console().print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
