"""Items that nobody took yet: likeness of texts, ridges, an MLP, and ``auto``.

    .venv/bin/python benchmarks/cold_items.py [--only ml-1m] [--budget 300] [--data ../shared/data]

The protocol cold-items of ``zhiyin benchmark``, seed 42: a fifth of the items has no training
row. Among cold items (cold), among the others (warm), among all (all). Every list is measured
by the same code. The likeness rows score an item by the mean likeness to the user's history;
the ridges carry EASE's scores over; the MLP maps the same attributes to the factors of EASE's
scores, with id embeddings that are dropped half of the time, and stops on the validation
fold. "auto, no content" is the same training without its bridge. Writes
benchmarks/results/cold-items-NAME.json.
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
import torch
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import svds

from zhiyin.core.attributes import Attribute
from zhiyin.core.candidates import Queries
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats, Histories
from zhiyin.data.dataset import Dataset
from zhiyin.data.protocols import SplitProtocol
from zhiyin.encode.attributes.catalogue import CatalogueReader
from zhiyin.encode.attributes.kinds import Kind, kind_of
from zhiyin.encode.encoders.use.encoder import UseEncoder
from zhiyin.encode.whitening import Whitening
from zhiyin.evaluation.scoring import evaluate_scorer
from zhiyin.models.content.alignment import attribute_weights
from zhiyin.models.content.bridge import ContentBridge
from zhiyin.models.content.bridge_config import BridgeConfig
from zhiyin.models.content.kernel import likeness
from zhiyin.models.linear.ease import EaseConfig, EaseRetriever
from zhiyin.pipeline.benchmark.folder import as_dataset, read_split
from zhiyin.pipeline.measuring import as_queries, describe
from zhiyin.pipeline.train import train

RESULTS = Path(__file__).parent / "results"
SEED = 42
_TESTS = {"metrics_cold": "cold", "metrics_warm": "warm", "metrics": "all"}

Scorer = Callable[[Queries], Floats]


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", default=["ml-1m", "amazon-industrial"])
    parser.add_argument("--budget", type=float, default=300.0)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments = parser.parse_args()
    for name in arguments.only:
        report = measure(arguments.data / name, budget_s=arguments.budget)
        text = json.dumps(report, indent=1) + "\n"
        (RESULTS / f"cold-items-{name}.json").write_text(text, encoding="utf-8")
        show(report)


def measure(folder: Path, *, budget_s: float) -> dict[str, Any]:
    """Every row of one data set's table."""
    parts = read_split(folder, protocol=SplitProtocol.COLD_ITEMS, seed=SEED)
    dataset = as_dataset(parts, folder)
    queries, catalogue = as_queries(dataset), describe(dataset)
    report: dict[str, Any] = {
        "dataset": folder.name,
        "seed": SEED,
        "cold_items": int(parts.tests["metrics_cold"].allowed.sum()),
        "users": len(dataset.users),
        "load": os.getloadavg()[0],
        "rows": {},
    }

    def judge(name: str, score: Scorer, seconds: float) -> None:
        row: dict[str, Any] = {"fit_s": round(seconds, 1)}
        for test, short in _TESTS.items():
            part = parts.tests[test]
            found = evaluate_scorer(
                score, queries, part.test, ks=(10, 20), catalogue=catalogue, allowed=part.allowed
            ).metrics
            row[short] = {m: round(found[m], 5) for m in ("recall@20", "ndcg@20", "hr@10")}
        report["rows"][name] = row
        Console().print(name, row)

    for name, make in rivals(dataset).items():
        started = time.monotonic()
        scorer = make()
        judge(name, scorer, time.monotonic() - started)
    started = time.monotonic()
    trained = train(dataset, recipe="auto", budget_s=budget_s, seed=SEED)
    seconds = time.monotonic() - started
    judge("auto", trained.score, seconds)
    judge("auto, no content", trained.by_behaviour, seconds)
    report["auto"] = {k: trained.report[k] for k in ("chosen", "content", "skipped", "train_s")}
    return report


def rivals(dataset: Dataset) -> dict[str, Callable[[], Scorer]]:
    """The other rows, each with what fits it."""
    table = dataset.item_attributes
    assert table is not None
    columns = {name: table[name].to_list() for name in table.columns}
    texts = [name for name, values in columns.items() if kind_of(name, values) is Kind.TEXT]
    tags = [name for name, values in columns.items() if kind_of(name, values) is Kind.TAGS]
    joined = [
        " ".join(str(columns[name][at]) for name in texts if columns[name][at])
        for at in range(len(dataset.items))
    ]
    encoded = UseEncoder().encode(joined)
    whitening = Whitening().fit(encoded.vectors, encoded.present)
    white = Attribute("text", whitening.apply(encoded.vectors, encoded.present))
    group = "categories" if "categories" in tags else tags[0]
    one_hot = CatalogueReader(None).fit({group: columns[group]})[0]
    ease = EaseRetriever(EaseConfig(l2=300.0, dropout=0.33, user_power=0.25))
    ease.fit(dataset.training_data(), rng=np.random.default_rng(SEED), deadline=Deadline(1e9))

    def ridge(attributes: list[Attribute], weights: dict[str, float]) -> Scorer:
        config = BridgeConfig(power=1, l2=1.0)
        counts = np.bincount(dataset.histories.liked().indices, minlength=len(dataset.items))
        bridge = ContentBridge(config, weights).fit(attributes, counts)
        return lambda queries: bridge.apply(queries.histories, ease.score(queries))

    def aligned() -> Scorer:
        attributes = [white, *CatalogueReader(None).fit({n: columns[n] for n in tags})]
        weights = attribute_weights(
            attributes, dataset.histories.liked(), trust=10.0, rng=np.random.default_rng(SEED)
        )
        return ridge(attributes, weights)

    return {
        "raw text, kNN": lambda: neighbours(Attribute("text", encoded.vectors)),
        "whitened text, kNN": lambda: neighbours(white),
        f"{group}, one-hot kNN": lambda: neighbours(one_hot),
        "ridge: whitened text": lambda: ridge([white], {"text": 1.0}),
        f"ridge: text + {group}": lambda: ridge([white, one_hot], {"text": 0.5, group: 0.5}),
        "ridge: text + all tags, aligned": aligned,
        "MLP, id dropout": lambda: mlp(dataset, [white, one_hot], ease),
    }


def neighbours(attribute: Attribute) -> Scorer:
    """Likeness to the history."""
    every = np.arange(len(attribute))
    kernel = likeness([attribute], {attribute.name: 1.0}, every, [attribute])
    return lambda queries: np.asarray(queries.histories.liked() @ kernel, dtype=np.float32)


def mlp(dataset: Dataset, attributes: list[Attribute], ease: EaseRetriever) -> Scorer:
    """Attributes to factors, by softmax over the warm items of each user.

    Trained on the validation fold's training rows until the fold's cold items get no
    better, then on all rows for as many epochs.
    """
    features = np.hstack([np.asarray(csr_matrix(a.values).toarray()) for a in attributes])
    fold = dataset.validation(seed=SEED)
    taken = np.bincount(dataset.histories.items, minlength=len(dataset.items)) > 0
    epochs = _fit_mlp(fold.train, features, ease, 20, (fold.test, taken))[1]
    return _fit_mlp(dataset.histories, features, ease, epochs, None)[0]


def _fit_mlp(
    histories: Histories,
    features: Floats,
    ease: EaseRetriever,
    epochs: int,
    held: tuple[Histories, np.ndarray] | None,
    dim: int = 64,
) -> tuple[Scorer, int]:
    torch.manual_seed(SEED)
    counts = np.bincount(histories.items, minlength=histories.n_items)
    warm = np.flatnonzero(counts)
    users = np.arange(len(histories), dtype=np.int32)
    scores = np.maximum(ease.score(Queries(histories, users)), 0)[:, warm]
    _, _, basis = svds(np.sqrt(scores).astype(np.float32), dim, random_state=SEED)
    project = torch.tensor(basis.copy())
    inputs = torch.tensor(features)
    net = torch.nn.Sequential(
        torch.nn.Linear(features.shape[1], 256),
        torch.nn.GELU(),
        torch.nn.Dropout(0.3),
        torch.nn.Linear(256, dim),
    )
    ids = torch.nn.Parameter(torch.zeros(len(warm), dim))
    user_net = torch.nn.Linear(dim, dim)
    bias = torch.nn.Linear(features.shape[1], 1)
    scale = float(np.std(np.sqrt(scores) @ basis.T))
    weights = [*net.parameters(), ids, *user_net.parameters(), *bias.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=2e-3, weight_decay=0.01)
    liked = histories.liked()[:, warm]
    rows = np.flatnonzero(np.diff(liked.indptr))
    states = torch.tensor(np.sqrt(scores)) @ project.T / scale
    place = torch.tensor(warm)

    def score(queries: Queries) -> Floats:
        net.eval()
        part = np.sqrt(np.maximum(ease.score(queries), 0))[:, warm]
        with torch.no_grad():
            state = user_net(torch.tensor(part) @ project.T / scale)
            return (state @ net(inputs).T / 8 + bias(inputs).T).numpy()

    best, best_epoch, stale = -1.0, epochs, 0
    for epoch in range(1, epochs + 1):
        net.train()
        for batch in torch.randperm(len(rows)).split(256):
            chosen = rows[batch.numpy()]
            kept = (torch.rand(len(warm), 1) > 0.5).float()
            items = net(inputs[place]) + kept * ids
            logits = user_net(states[chosen]) @ items.T / 8 + bias(inputs[place]).T
            wanted = torch.tensor(liked[chosen].toarray())
            loss = -(torch.log_softmax(logits, 1) * wanted).sum(1).div(wanted.sum(1)).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        if held is None:
            continue
        value = _recall(score, histories, held[0], (counts == 0) & held[1])
        if value > best:
            best, best_epoch, stale = value, epoch, 0
        else:
            stale += 1
            if stale == 3:
                break
    return score, best_epoch


def _recall(score: Scorer, seen: Histories, truth: Histories, cold: np.ndarray) -> float:
    """Recall@20 among the fold's cold items, over 1,000 users."""
    wanted = truth.where(cold[truth.items])
    rows = np.flatnonzero(wanted.lengths)[:1000]
    scores = score(Queries(seen.take(rows), rows.astype(np.int32)))
    scores[:, ~cold] = -np.inf
    best = np.argpartition(-scores, 20, axis=1)[:, :20]
    found = wanted.take(rows)
    hit = np.zeros(scores.shape, dtype=bool)
    hit[found.rows, found.items] = True
    return float((np.take_along_axis(hit, best, 1).sum(1) / found.lengths).mean())


def show(report: dict[str, Any]) -> None:
    """Prints the table."""
    table = Table(
        title=f"{report['dataset']}, {report['cold_items']} cold items, Recall@20 / NDCG@20"
    )
    for column in ("model", "cold", "warm", "all", "fit s"):
        table.add_column(column)
    for name, row in report["rows"].items():
        cells = [f"{row[t]['recall@20']:.4f} / {row[t]['ndcg@20']:.4f}" for t in _TESTS.values()]
        table.add_row(name, *cells, str(row["fit_s"]))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
