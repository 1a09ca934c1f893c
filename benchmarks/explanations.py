"""Deletion test: does the score follow the evidence that an explanation cites?

python benchmarks/explanations.py --workspace DIR                  # 100 users, all methods
python benchmarks/explanations.py --workspace DIR --users 300 --seed 2

For each user one place of the first ten of their slate is explained. The cited items are taken
out of the history and the item is scored again; so are as many other items of the history, drawn
at random, five times over. A comparison is won where the score falls further (``falls``), or moves
further either way (``moves``), without the cited ones.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from zhiyin.core.candidates import Queries
from zhiyin.core.messages import Method
from zhiyin.pipeline.attribution import altered, influences, standing
from zhiyin.pipeline.explaining import Explainer
from zhiyin.pipeline.wiring import open_workspace

RESULT = Path(__file__).parent / "results" / "explanations.json"
METHODS: tuple[Method, ...] = ("likeness", "deletion", "shap", "lime")
GOAL = 0.8
CITED = 3
DRAWS = 5
FIRST = 10


def cited(
    explainer: Explainer, queries: Queries, method: Method, user: str, item: str
) -> list[int]:
    """Indices of the items that an explanation names: the three that speak for it most."""
    vocabulary = explainer.engine.items
    if method == "likeness":
        slate = explainer.engine.recommend(user, n=FIRST, explain=True, log=False)
        place = next(p for p in slate.positions if p.item_id == item)
        facts = [f for f in place.evidence if f.kind == "event" and f.item_id]
        return [vocabulary.index[str(f.item_id)] for f in facts[:CITED]]
    where = np.array([vocabulary.index[item]])
    found = influences(explainer.engine.score, queries, where, method=method)
    best = np.argsort(-found.values[:, 0], kind="stable")[:CITED]
    return [int(found.items[at]) for at in best if found.values[at, 0] > 0]


def fall(explainer: Explainer, queries: Queries, gone: list[list[int]], item: str) -> np.ndarray:
    """By how much the score of an item falls without some items of the history."""
    past = queries.histories.items
    keep = np.stack([np.ones(len(past), dtype=bool), *(~np.isin(past, some) for some in gone)])
    scores = standing(explainer.engine.score(altered(queries, keep)))
    found = scores[:, explainer.engine.items.index[item]]
    return (found[0] - found[1:]).astype(np.float64)


def case(
    explainer: Explainer, method: Method, user: str, item: str, rng: np.random.Generator
) -> dict[str, Any] | None:
    """Shares of the comparisons that are won; None where nothing, or all, is cited."""
    queries = explainer.queries(user, now=explainer.clock())
    start = perf_counter()
    named = cited(explainer, queries, method, user, item)
    spent = perf_counter() - start
    others = np.setdiff1d(queries.histories.items, named)
    if not named or len(others) < len(named):
        return None
    draws = [rng.choice(others, len(named), replace=False).tolist() for _ in range(DRAWS)]
    falls = fall(explainer, queries, [named, *draws], item)
    return {
        "falls": float((falls[0] > falls[1:]).mean()),
        "moves": float((abs(falls[0]) > abs(falls[1:])).mean()),
        "fall": float(falls[0]),
        "fall_at_random": float(falls[1:].mean()),
        "seconds": spent,
    }


def measured(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over the cases."""
    return {
        "cases": len(cases),
        "share_falls_further": round(float(np.mean([c["falls"] for c in cases])), 4),
        "share_moves_further": round(float(np.mean([c["moves"] for c in cases])), 4),
        "mean_fall": round(float(np.mean([c["fall"] for c in cases])), 4),
        "mean_fall_at_random": round(float(np.mean([c["fall_at_random"] for c in cases])), 4),
        "median_milliseconds": round(1000 * float(np.median([c["seconds"] for c in cases])), 1),
    }


def main() -> None:
    """Runs the test and stores its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--workspace", type=Path, required=True, help="with a trained model")
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    told = parser.parse_args()
    rng = np.random.default_rng(told.seed)
    with open_workspace(told.workspace) as workspace:
        explainer = Explainer(workspace.engine(), workspace.stores, workspace.settings)
        users = explainer.engine.trained.users.ids
        drawn = [str(users[at]) for at in rng.choice(len(users), told.users, replace=False)]
        found: dict[str, list[dict[str, Any]]] = {method: [] for method in told.methods}
        for user in drawn:
            slate = explainer.engine.recommend(user, n=FIRST, log=False)
            item = slate.item_ids[int(rng.integers(len(slate.item_ids)))]
            for method in told.methods:
                one = case(explainer, method, user, item, rng)
                if one is not None:
                    found[method].append(one)
        members = {m.name: m.weight for m in explainer.engine.trained.blend.members}
    result = {
        "workspace": told.workspace.name,
        "members": members,
        "users": told.users,
        "seed": told.seed,
        "cited": CITED,
        "goal_share": GOAL,
        "methods": {method: measured(cases) for method, cases in found.items() if cases},
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
