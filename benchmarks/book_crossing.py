"""``auto`` against implicit's ALS and tf-idf neighbours, both tuned, on book-crossing.

    .venv/bin/python benchmarks/book_crossing.py [--budget 60] [--data ../shared/data]

One division of the data (random-split, seed 42). The rivals are tuned over the grids below on
the very events that ``auto`` chooses by, then fitted on all training rows, as ``auto`` is.
Every list is measured by the same code. Writes benchmarks/results/book-crossing.json.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import TFIDFRecommender
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_matrix

from zhiyin.core.candidates import Queries
from zhiyin.core.histories import Floats, Histories
from zhiyin.data.protocols import SplitProtocol
from zhiyin.evaluation.bootstrap import BootstrapConfig
from zhiyin.evaluation.comparison import confidence
from zhiyin.evaluation.scoring import evaluate_scorer
from zhiyin.pipeline.benchmark.folder import as_dataset, read_split
from zhiyin.pipeline.measuring import as_queries, describe
from zhiyin.pipeline.train import train

RESULTS = Path(__file__).parent / "results" / "book-crossing.json"
SEED = 42
_GOAL = "ndcg@20"
_ALS = [
    {"factors": f, "regularization": r, "alpha": a}
    for f, r, a in itertools.product((32, 64, 128), (5.0, 20.0, 50.0), (1.0, 5.0))
]
_TFIDF = [{"K": k} for k in (20, 100, 500, 1000, 3000, 10000)]

Scorer = Callable[[Queries], Floats]


def als(histories: Histories, *, factors: int, regularization: float, alpha: float) -> Scorer:
    """Those of ALS in implicit; users are asked through their fitted factors."""
    model = AlternatingLeastSquares(
        factors=factors, regularization=regularization, alpha=alpha, random_state=SEED
    )
    model.fit(histories.matrix(), show_progress=False)
    return lambda queries: model.user_factors[queries.users] @ model.item_factors.T


def tfidf(histories: Histories, *, K: int) -> Scorer:
    """Those of tf-idf neighbours in implicit."""
    model = TFIDFRecommender(K=K)
    matrix = histories.matrix()
    model.fit(matrix, show_progress=False)
    similarity = csr_matrix(model.similarity)
    return lambda queries: (queries.histories.matrix() @ similarity).toarray().astype(np.float32)


def main() -> None:
    """Tunes, measures, compares, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, default=60.0)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments = parser.parse_args()
    folder = arguments.data / "book-crossing"
    parts = read_split(folder, protocol=SplitProtocol.RANDOM_SPLIT, seed=SEED)
    dataset = as_dataset(parts, folder)
    queries, catalogue = as_queries(dataset), describe(dataset)
    test = parts.tests["metrics"].test
    trained = train(dataset, recipe="auto", budget_s=arguments.budget, seed=SEED)
    scorers: dict[str, Scorer] = {"auto": trained.score}
    report: dict = {
        "auto": {"chosen": trained.report["chosen"], "train_s": trained.report["train_s"]}
    }
    fold = dataset.validation(seed=SEED)
    asked = Queries(fold.train, queries.users)
    for name, build, grid in (("implicit ALS", als, _ALS), ("implicit tf-idf", tfidf, _TFIDF)):
        trials = []
        for settings in grid:
            started = time.perf_counter()
            found = evaluate_scorer(
                build(fold.train, **settings), asked, fold.test, ks=(20,), catalogue=catalogue
            )
            trials.append({**settings, _GOAL: round(found.metrics[_GOAL], 5)})
            Console().print(name, trials[-1], f"{time.perf_counter() - started:.1f} s", style="dim")
        best = max(trials, key=lambda trial: trial[_GOAL])
        chosen = {k: v for k, v in best.items() if k != _GOAL}
        scorers[name] = build(dataset.histories, **chosen)
        report[name] = {"chosen": chosen, "trials": trials}
    values = {}
    for name, score in scorers.items():
        found = evaluate_scorer(score, queries, test, ks=(10, 20), catalogue=catalogue)
        report[name]["metrics"] = {k: round(v, 5) for k, v in found.metrics.items()}
        values[name] = {f"metrics/{k}": v for k, v in found.per_user.items()}
    report["confidence"] = confidence(values, BootstrapConfig())
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    table = Table(title="book-crossing, random-split, seed 42", title_justify="left")
    for column in ("model", "recall@20", "ndcg@20", "recall@10", "ndcg@10"):
        table.add_column(column)
    for name in scorers:
        metrics = report[name]["metrics"]
        columns = ("recall@20", "ndcg@20", "recall@10", "ndcg@10")
        table.add_row(name, *(f"{metrics[c]:.4f}" for c in columns))
    Console().print(table)


if __name__ == "__main__":
    main()
