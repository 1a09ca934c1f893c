"""Users without a history, or with a few events: attributes, tags, behaviour.

    .venv/bin/python benchmarks/cold_users.py [--budget 60s] [--data ../shared/data]

ml-1m. A tenth of the users is left out of training altogether (seed 1). For each of them the
first n events are the history and the next 20 are to be found: NDCG@10. Compared: what
everybody likes, what people with the same attributes take (`zhiyin.pipeline.newcomers`), and
tags that people with these attributes prefer, mixed in with a weight. Writes
benchmarks/results/cold-users.json.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

import zhiyin
from zhiyin.core.candidates import Queries
from zhiyin.core.topk import bar, top_k
from zhiyin.pipeline.profiles import ProfileScorer
from zhiyin.pipeline.workspace import Workspace

RESULTS = Path(__file__).parent / "results" / "cold-users.json"
_DISCOUNTS = 1 / np.log2(np.arange(2, 12))
_WEIGHTS = (0.1, 0.3, 1.0)


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", default="60s")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments = parser.parse_args()
    source = arguments.data / "ml-1m"
    events = pl.read_parquet(source / "interactions.parquet")
    users = sorted(events["user_id"].unique().to_list())
    held = np.random.default_rng(1).choice(users, len(users) // 10, replace=False).tolist()
    found: dict[int, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        rest = Path(folder) / "events.parquet"
        events.filter(~pl.col("user_id").is_in(held)).write_parquet(rest)
        with zhiyin.open(Path(folder) / "shop") as shop:
            shop.import_files(
                events=rest, items=source / "items.parquet", users=source / "users.parquet"
            )
            told = shop.train(budget=arguments.budget).report.get("newcomers")
            wanted = events.filter(pl.col("user_id").is_in(held)).sort("user_id", "position")
            for (user,), rows in wanted.group_by("user_id", maintain_order=True):
                ask(shop, str(user), rows["item_id"].to_list(), found)
    report = {
        "users": len(held),
        "judged_in_training": told,
        "load": os.getloadavg()[0],
        "ndcg@10": {
            n: {name: round(float(np.mean(v)), 4) for name, v in row.items()}
            for n, row in found.items()
        },
    }
    RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    show(report)


def ask(
    shop: Workspace, user: str, taken: list[str], found: dict[int, dict[str, list[float]]]
) -> None:
    """Adds one user's figures."""
    engine = shop.engine()
    trained = engine.trained
    items = [trained.items.index[i] for i in taken if i in trained.items.index]
    tags = ProfileScorer(shop.profiles).scores(user, items=engine.items)
    for n in (0, 1, 2, 3, 5):
        session = [trained.items.ids[i] for i in items[:n]]
        history = engine._histories.of(None, [], session, now=0)
        query = Queries(history, np.array([-1], dtype=np.int32))
        plain = engine._fresh.score(query)
        plain = (plain - plain.mean()) / max(float(plain.std()), 1e-9)
        lists = {"behaviour" if n else "what everybody likes": plain}
        expected = engine._expected(user)
        if n == 0 and expected is not None:
            lists["people with like attributes"] = engine._fresh.score(query, expected=expected)
        if tags is not None:
            lists |= {
                f"tags of the group x {w}": max(1 - w, 0.3) * plain + w * tags for w in _WEIGHTS
            }
        for name, scores in lists.items():
            scores = np.array(scores, dtype=np.float32)
            bar(scores, history)
            best = top_k(scores, k=10, tie_order=trained.items.tie_order).items[0]
            hit = np.isin(best, items[n : n + 20])
            ideal = _DISCOUNTS[: min(10, len(items) - n)].sum()
            found.setdefault(n, {}).setdefault(name, []).append(float(hit @ _DISCOUNTS / ideal))


def show(report: dict) -> None:
    """Prints the table."""
    table = Table(
        title=f"ml-1m, {report['users']} users left out of training, NDCG@10 of the next 20"
    )
    names = list(dict.fromkeys(name for row in report["ndcg@10"].values() for name in row))
    for column in ("events", *names):
        table.add_column(column)
    for n, row in report["ndcg@10"].items():
        table.add_row(str(n), *(f"{row[name]:.4f}" if name in row else "" for name in names))
    Console(width=120).print(table)
    Console().print(f"judged in training: {report['judged_in_training']}")


if __name__ == "__main__":
    main()
