"""Click-through rate: our model beside LightGBM with default settings, on Criteo and Avazu samples.

    .venv/bin/python benchmarks/ctr.py [--data ../shared/data]

The samples carry no time: Criteo has none, Avazu is one hour sorted by random ids. So rows are
taken in file order in five blocks, each of which is tested once by models that learned from the
other four (published splits are ignored; they hold 391 and 432 test rows). Test rows are never
read before scoring; encodings, trees and calibrators are chosen and fitted by five folds inside
the training rows. All runs on one thread. Writes benchmarks/results/ctr.json.

- "zhiyin": `BinaryScorer` on numbers and encoded categories (`CategoryEncoder`), settings by
  out-of-fold log-loss; "isotonic" and "platt" are the same scores, calibrated on out-of-fold
  scores of the training rows.
- "lightgbm": objective binary, everything else as it comes, categories as LightGBM's own;
  "lightgbm codes" takes them as numbers. Both also with isotonic calibration, likewise.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.core.clock import Deadline
from zhiyin.core.keys import id_key
from zhiyin.core.protocols import RankingData
from zhiyin.core.rng import derive_rng
from zhiyin.ranking.binary import BinaryConfig, BinaryScorer
from zhiyin.ranking.calibration import IsotonicCalibrator, PlattCalibrator
from zhiyin.ranking.categories import CategoryConfig, CategoryEncoder
from zhiyin.ranking.reliability import brier, calibration_error, log_loss, log_losses, roc_auc

RESULTS = Path(__file__).parent / "results"
DATASETS = {"ctr-criteo-sample": "label", "ctr-avazu-sample": "click"}
NOT_FEATURES = {"split", "timestamp", "id", "hour"}  # Avazu's hour is the same everywhere.
SEED = 42
FOLDS = 5
Reals = NDArray[np.float64]
Predict = Callable[["Table"], Reals]


@dataclass(frozen=True)
class Table:
    """Rows: numbers (NaN where null), categories as keys and as codes, and what happened."""

    numbers: NDArray[np.float32]
    keys: NDArray[np.int64]
    codes: NDArray[np.int32]
    labels: NDArray[np.float32]

    def take(self, rows: NDArray[np.integer]) -> Table:
        """Some of the rows."""
        return Table(self.numbers[rows], self.keys[rows], self.codes[rows], self.labels[rows])


def read(folder: Path, label: str) -> Table:
    """Integers are numbers, texts are categories; nulls are a category of their own."""
    frame = pl.read_parquet(folder / "impressions.parquet")
    columns = [name for name in frame.columns if name not in NOT_FEATURES | {label}]
    numbers = [name for name in columns if frame[name].dtype.is_numeric()]
    texts = [name for name in columns if frame[name].dtype == pl.String]
    keys, codes = [], []
    for name in texts:
        values = frame[name].fill_null("").to_list()
        key = {value: id_key(value) for value in set(values)}
        keys.append(np.array([key[value] for value in values]))
        codes.append(np.unique(values, return_inverse=True)[1])
    rows = len(frame)
    dense = [frame[name].cast(pl.Float32).fill_null(float("nan")).to_numpy() for name in numbers]
    return Table(
        np.column_stack(dense) if dense else np.zeros((rows, 0), dtype=np.float32),
        np.column_stack(keys),
        np.column_stack(codes).astype(np.int32),
        frame[label].cast(pl.Float32).to_numpy(),
    )


def lightgbm_default(table: Table, *, categorical: bool) -> Predict:
    """LightGBM as it comes: 100 trees of 31 leaves, learning rate 0.1."""

    def matrix(rows: Table) -> NDArray[np.float64]:
        return np.column_stack([rows.numbers, rows.codes]).astype(np.float64)

    first = table.numbers.shape[1]
    names = list(range(first, first + table.codes.shape[1])) if categorical else []
    data = lightgbm.Dataset(matrix(table), label=table.labels, categorical_feature=names)
    parameters = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": SEED}
    booster = lightgbm.train(parameters, data)
    return lambda rows: np.asarray(booster.predict(matrix(rows), raw_score=True, num_threads=1))


def ours(table: Table, *, encoding: str, prior: float, trees: dict[str, Any]) -> Predict:
    """Numbers and encoded categories in boosted trees; log-odds come back."""
    rng = derive_rng(SEED, "ctr")
    encoder = CategoryEncoder(CategoryConfig(prior=prior))
    width = table.keys.shape[1]
    chosen = {"both": slice(None), "means": slice(0, width), "counts": slice(width, None)}[encoding]
    encoded = encoder.fit_encode(table.keys, table.labels, rng=rng)[:, chosen]
    features = np.column_stack([table.numbers, encoded])
    names = tuple(f"f{at}" for at in range(features.shape[1]))
    data = RankingData(features, table.labels, np.array([0, len(features)]), names)
    scorer = BinaryScorer(BinaryConfig(threads=1, **trees))
    scorer.fit(data, rng=rng, deadline=Deadline(600))

    def predict(rows: Table) -> Reals:
        told = np.column_stack([rows.numbers, encoder.encode(rows.keys)[:, chosen]])
        return scorer.score(told).astype(np.float64)

    return predict


def probability(odds: Reals) -> Reals:
    """The logistic function."""
    return 1.0 / (1.0 + np.exp(-odds))


def out_of_fold(table: Table, fit: Callable[[Table], Predict]) -> Reals:
    """The log-odds of each row by a model of the other folds."""
    fold = derive_rng(SEED, "folds").permutation(np.arange(len(table.labels)) % FOLDS)
    odds = np.zeros(len(table.labels))
    for at in range(FOLDS):
        predict = fit(table.take(np.flatnonzero(fold != at)))
        held = np.flatnonzero(fold == at)
        odds[held] = predict(table.take(held))
    return odds


def choose(table: Table) -> tuple[dict[str, Any], Reals]:
    """Settings with the least out-of-fold log-loss, one kind after the other; their log-odds."""
    trees = {"trees": 150, "leaves": 8, "learning_rate": 0.05, "min_rows": 50}
    best: dict[str, Any] = {"encoding": "both", "prior": 20.0, "trees": trees}
    odds = out_of_fold(table, lambda rows: ours(rows, **best))
    least = log_loss(probability(odds), table.labels)
    steps: list[list[dict[str, Any]]] = [
        [{"encoding": "means"}, {"encoding": "counts"}],
        [{"prior": 5.0}, {"prior": 80.0}],
        [{"feature_share": 0.3}, {"feature_share": 0.15}],
        [{"leaves": 4}, {"leaves": 16}],
        [{"trees": 80}, {"trees": 300}],
        [{"l2": 10.0}, {"min_rows": 100}],
    ]
    for step in steps:
        start = best
        for change in step:
            own = {k: v for k, v in change.items() if k in ("encoding", "prior")}
            grown = {k: v for k, v in change.items() if k not in own} if not own else {}
            tried = {**start, **own, "trees": {**start["trees"], **grown}}
            again = out_of_fold(table, lambda rows, tried=tried: ours(rows, **tried))
            loss = log_loss(probability(again), table.labels)
            if loss < least:
                best, odds, least = tried, again, loss
    return best, odds


def measures(p: Reals, labels: NDArray[np.float32]) -> dict[str, float]:
    """All figures of some probabilities."""
    found = {
        "log_loss": log_loss(p, labels),
        "auc": roc_auc(p, labels),
        "brier": brier(p, labels),
        "ece_width": calibration_error(p, labels),
        "ece_mass": calibration_error(p, labels, by="mass"),
    }
    return {name: round(value, 5) for name, value in found.items()}


def difference(a: Reals, b: Reals, labels: NDArray[np.float32]) -> dict[str, float]:
    """Log-loss of a less that of b, with a 95 % interval by paired bootstrap over rows."""
    gap = log_losses(a, labels) - log_losses(b, labels)
    rng = derive_rng(SEED, "bootstrap")
    drawn = [gap[rng.integers(0, len(gap), len(gap))].mean() for _ in range(2000)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {k: round(float(v), 5) for k, v in (("mean", gap.mean()), ("low", low), ("high", high))}


def measured(folder: Path, label: str) -> dict[str, Any]:
    """One data set: every block tested once."""
    table = read(folder, label)
    blocks = np.array_split(np.arange(len(table.labels)), FOLDS)
    found: dict[str, list[Reals]] = {}
    chosen: list[dict[str, Any]] = []
    seconds = {"choosing": 0.0, "zhiyin fit": 0.0, "lightgbm fit": 0.0}
    for block in blocks:
        train = table.take(np.setdiff1d(np.arange(len(table.labels)), block))
        test = table.take(block)
        start = time.perf_counter()
        settings, odds = choose(train)
        chosen.append(settings)
        seconds["choosing"] += time.perf_counter() - start
        start = time.perf_counter()
        unseen = ours(train, **settings)(test)
        seconds["zhiyin fit"] += time.perf_counter() - start
        found.setdefault("zhiyin", []).append(probability(unseen))
        for name, calibrator in (("isotonic", IsotonicCalibrator()), ("platt", PlattCalibrator())):
            fitted = calibrator.fit(odds, train.labels)
            found.setdefault(f"zhiyin {name}", []).append(fitted.probabilities(unseen))
        for name, categorical in (("lightgbm", True), ("lightgbm codes", False)):
            start = time.perf_counter()
            plain = lightgbm_default(train, categorical=categorical)(test)
            seconds["lightgbm fit"] += (time.perf_counter() - start) / 2
            found.setdefault(name, []).append(probability(plain))
            own = out_of_fold(
                train, lambda rows, c=categorical: lightgbm_default(rows, categorical=c)
            )
            fitted = IsotonicCalibrator().fit(own, train.labels)
            found.setdefault(f"{name} isotonic", []).append(fitted.probabilities(plain))
    labels = np.concatenate([table.labels[block] for block in blocks])
    whole = {name: np.concatenate(parts) for name, parts in found.items()}
    constant = np.full(len(labels), float(labels.mean()))
    rivals = [name for name in whole if name.startswith("lightgbm")]
    return {
        "rows": len(labels),
        "numbers": table.numbers.shape[1],
        "categories": table.keys.shape[1],
        "ctr": round(float(labels.mean()), 5),
        "models": {"constant ctr": measures(constant, labels)}
        | {name: measures(p, labels) for name, p in whole.items()},
        "auc_by_block": {
            name: [
                round(roc_auc(p, table.labels[b]), 4) for p, b in zip(parts, blocks, strict=True)
            ]
            for name, parts in found.items()
            if name in {"zhiyin", "lightgbm", "lightgbm codes"}
        },
        "log_loss_of_zhiyin_less_that_of": {
            name: difference(whole["zhiyin"], whole[name], labels) for name in rivals
        },
        "chosen_by_block": chosen,
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
    }


def main() -> int:
    """Measures both data sets, writes and prints the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    folder: Path = parser.parse_args().data
    report: dict[str, Any] = {
        "command": "benchmarks/ctr.py",
        "protocol": "file order, five blocks, each tested once; choices by five folds inside",
        "seed": SEED,
        "lightgbm": lightgbm.__version__,
        "datasets": {name: measured(folder / name, label) for name, label in DATASETS.items()},
    }
    text = json.dumps(report, indent=1) + "\n"
    (RESULTS / "ctr.json").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
