"""Clicks and conversions under several objectives, and how true the estimates are.

    .venv/bin/python benchmarks/objectives.py [--data DIR] [--seed 42]

retailrocket-small: views, carts and purchases of 3,431 users, without times and prices. Of the
items of each user a fifth is held out with all its events; the retrievers (dual-ease and
popularity, with the weights that `auto` chooses here) and the heads learn from the rest, by the
code of `zhiyin train`. The best 200 candidates of each test user are then put in order by utility
under several exponents. "Clicks" are all held-out items, "purchases" those that were bought.
Intervals are paired bootstraps over users against the order of the blend. Writes
benchmarks/results/objectives.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.special import expit

from zhiyin.core.candidates import Queries
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Histories, by_user, histories_from_columns
from zhiyin.core.metrics import Hits, ndcg
from zhiyin.core.progress import silent
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.core.topk import bar
from zhiyin.data.dataset import Dataset
from zhiyin.data.facts import facts_of
from zhiyin.data.splits import fold
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.evaluation.bootstrap import BootstrapConfig, differences
from zhiyin.models.hybrid.blend import Blend, Member
from zhiyin.pipeline.ranker.heads import CTR, CVR, ObjectiveHeads
from zhiyin.pipeline.ranker.stage import asked_for
from zhiyin.pipeline.recipes.ranked import consider_ranker, heads_on_everything
from zhiyin.pipeline.recipes.validation import hold_out
from zhiyin.ranking.features import Asked
from zhiyin.ranking.reliability import calibration_error, log_loss
from zhiyin.ranking.utility import UtilityConfig, utility

RESULTS = Path(__file__).parent / "results" / "objectives.json"
NAMES = {"addtocart": "cart", "transaction": "purchase"}
WEIGHTS = {"view": 1.0, "cart": 3.0, "purchase": 5.0}
MEMBERS = {"dual-ease": 1.0, "popularity": 0.35}
EXPONENTS = ((1.0, 0.0), (1.0, 0.25), (1.0, 0.5), (1.0, 1.0), (1.0, 2.0), (0.0, 1.0))
CANDIDATES, K, SECONDS = 200, 10, 600.0


def main() -> int:
    """Learns, orders, judges."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/retailrocket-small"))
    parser.add_argument("--seed", type=int, default=42)
    arguments = parser.parse_args()
    result = measured(whole(arguments.data), arguments.seed)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    Console().print(table(result))
    Console().print_json(json.dumps({n: result["learned"][n] for n in (CTR, CVR)}))
    Console().print_json(json.dumps(result["test"]))
    return 0


def whole(folder: Path) -> Dataset:
    """The log as a data set with facts."""
    rows = pl.read_parquet(folder / "interactions.parquet").with_columns(
        pl.col("event").replace(NAMES).alias("type"), pl.lit(None, pl.String).alias("context")
    )
    rows = rows.with_columns(pl.lit(None, pl.String).alias("query"))
    users, items = (Vocabulary(sorted(rows[name].unique())) for name in ("user_id", "item_id"))
    of_user = rows["user_id"].replace_strict(users.index).to_numpy()
    histories = histories_from_columns(
        of_user,
        rows["item_id"].replace_strict(items.index).to_numpy(),
        rows["type"].replace_strict(WEIGHTS).to_numpy(),
        n_users=len(users),
        n_items=len(items),
    )
    facts = facts_of(rows.cast({"value": pl.Float64}), conversions=["purchase"], dwell=["dwell"])
    assert facts is not None
    return Dataset(users, items, histories, {}, None, [], 0, facts=facts[by_user(of_user)])


def members(dataset: Dataset, histories: Histories) -> list[Member]:
    """The retrievers, fitted."""
    data, found = dataset.training_data(histories), list[Member]()
    for name, weight in MEMBERS.items():
        cls = load(RETRIEVERS, name)
        model = cls(cls.Config()).fit(
            data, rng=np.random.default_rng(0), deadline=Deadline(SECONDS)
        )
        found.append(Member(name, weight, model))
    return found


def measured(dataset: Dataset, seed: int) -> dict[str, Any]:
    """Everything about one division."""
    pairs = dataset.histories.rows * np.int64(len(dataset.items)) + dataset.histories.items
    mask = dataset.kept_out(seed=seed)
    parts = fold(dataset.histories, mask)
    bought = np.unique(pairs[mask & dataset.facts["converted"].to_numpy()])
    known = dataset.without(mask, parts.train)
    validation = hold_out(known, seed=seed)
    trial = consider_ranker(
        members(known, validation.train),
        known,
        validation,
        bridge=None,
        catalogue=None,
        room=Deadline(SECONDS),
        seed=seed,
        progress=silent,
    )
    heads = heads_on_everything(trial.heads, known, (), deadline=Deadline(SECONDS), seed=seed)
    assert heads is not None, trial.report
    able = np.flatnonzero((parts.test.lengths > 0) & (parts.train.lengths > 0))
    asked = candidates(Blend(members(known, parts.train)), parts.train, able)
    keys = able[:, None] * np.int64(len(dataset.items)) + asked.items
    truth = {
        "clicks": np.unique(parts.test.rows * np.int64(len(dataset.items)) + parts.test.items),
        "purchases": bought,
    }
    hits = {name: np.isin(keys, wanted) & asked.present for name, wanted in truth.items()}
    held = {
        name: np.bincount((wanted // len(dataset.items)), minlength=len(dataset.users))[able]
        for name, wanted in truth.items()
    }
    told = heads.estimate(asked, frozenset({CTR, CVR}))
    scores = {"blend": np.where(asked.present, asked.sources["blend"], -np.inf)}
    for click, conversion in EXPONENTS:
        config = UtilityConfig(click=click, conversion=conversion)
        worth = utility(config, ctr=told[CTR], cvr=told[CVR])
        scores[f"ctr^{click:g} cvr^{conversion:g}"] = np.where(asked.present, worth, -np.inf)
    report = trial.report
    return {
        "seed": seed,
        "users": len(able),
        "held_out": {name: int(each.sum()) for name, each in held.items()},
        "learned": report["objectives"],
        "ranker": {key: report[key] for key in ("kept", "why", "scorer") if key in report},
        "test": calibration(heads, asked, told, hits),
        "orders": orders(scores, hits, held),
    }


def candidates(blend: Blend, train: Histories, users: NDArray[np.int64]) -> Asked:
    """The best unseen items of each user."""
    queries = Queries(train.take(users), users.astype(np.int32))
    parts: dict[str, Any] = {}
    scores = blend.score(queries, keep=parts)
    bar(scores, queries.histories)
    items = np.argsort(-scores, axis=1, kind="stable")[:, :CANDIDATES].astype(np.int32)
    best = np.take_along_axis(scores, items, axis=1)
    items[~np.isfinite(best)] = -1
    return asked_for(queries, items, best, parts)


def orders(
    scores: dict[str, Any], hits: dict[str, NDArray[np.bool_]], held: dict[str, Any]
) -> dict[str, Any]:
    """NDCG and hit rate of every order, for what was clicked and for what was bought."""
    found: dict[str, Any] = {}
    for truth, mine in hits.items():
        some = held[truth] > 0
        per_user: dict[str, Any] = {}
        for name, each in scores.items():
            order = np.argsort(-each[some], axis=1, kind="stable")[:, :K]
            top = np.take_along_axis(mine[some], order, axis=1)
            per_user[name] = {
                f"ndcg@{K}": ndcg(Hits(top, held[truth][some]), K),
                f"hr@{K}": top.any(axis=1).astype(np.float64),
            }
        for name, values in per_user.items():
            gaps = differences(values, per_user["blend"], BootstrapConfig())
            found.setdefault(name, {})[truth] = {
                metric: {
                    "value": round(float(v.mean()), 5),
                    "against_blend": [
                        round(x, 5)
                        for x in (gaps[metric].mean, gaps[metric].low, gaps[metric].high)
                    ],
                }
                for metric, v in values.items()
            }
    return found


def calibration(
    heads: ObjectiveHeads, asked: Asked, told: dict[str, Any], hits: dict[str, Any]
) -> dict[str, Any]:
    """How true the estimates are for users and items that nothing has learned from."""
    rows, present = heads.features.compute(asked), asked.present
    found: dict[str, Any] = {}
    for name, outcome, among in (
        (CTR, hits["clicks"], present),
        (CVR, hits["purchases"], hits["clicks"]),
    ):
        raw = np.full(present.shape, np.nan)
        raw[present] = expit(heads.heads[name].scorer.score(rows).astype(np.float64))
        labels = outcome[among].astype(np.float64)
        found[name] = {
            "rows": len(labels),
            "rate": round(float(labels.mean()), 6),
            **{
                f"{metric}_{when}": round(float(measure(values[among], labels)), 6)
                for when, values in (("before", raw), ("after", told[name]))
                for metric, measure in (("ece", calibration_error), ("log_loss", log_loss))
            },
        }
    return found


def table(result: dict[str, Any]) -> Table:
    """A row per order."""
    shown = Table(title=f"{result['users']} test users", title_justify="left")
    for column in (
        "order",
        "clicks NDCG@10",
        "HR@10",
        "purchases NDCG@10",
        "HR@10",
        "purchases gain",
    ):
        shown.add_column(column)
    for name, each in result["orders"].items():
        values = [
            f"{each[truth][metric]['value']:.4f}"
            for truth in ("clicks", "purchases")
            for metric in (f"ndcg@{K}", f"hr@{K}")
        ]
        mean, low, high = each["purchases"][f"ndcg@{K}"]["against_blend"]
        shown.add_row(name, *values, f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]")
    return shown


if __name__ == "__main__":
    sys.exit(main())
