"""The stage that makes slates, 500 candidates of a catalogue of 20,000: milliseconds of a query.

    .venv/bin/python benchmarks/slating.py [--queries 1000]

One thread. Candidates are the best of random scores over items with brand, price, tags and a
date; vectors have 64 numbers. Each row is a surface and a request: what it costs from the
candidates to places with propensities, without retrieval, the store of users, and the log.
The row "whole" is a filter, a boost, caps, a pin, a promoted share and DPP over 500
candidates; its limit is p50 <= 3 ms. "home" is the built-in surface, to be compared with
"bare", which takes the best ten. Beside the time on the clock, the time of the processor, which
other work on the machine lengthens less. Writes benchmarks/results/slating.json.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from zhiyin.core.candidates import Candidates
from zhiyin.core.keys import id_keys
from zhiyin.core.topk import top_k
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.pipeline.settings import Settings
from zhiyin.pipeline.slating import SlateQuery, Slater
from zhiyin.pipeline.slating.attributes import ItemTable
from zhiyin.pipeline.slating.likeness import Likeness
from zhiyin.pipeline.slating.memory import Memory
from zhiyin.policy import GreedyPolicy

RESULTS = Path(__file__).parent / "results" / "slating.json"
ITEMS, CANDIDATES, DIM, NOW = 20_000, 500, 64, 1_717_200_000_000
LIMIT_MS = 3.0
FILTER = 'price < 900 and (brand != "b7" or "sale" in tags)'
BOOST = 'if(context.device = "phone" and price < 50, 1.2, 1)'
RULES: dict[str, Any] = {
    "caps": {"brand": 2},
    "pins": {"i77": 3},
    "promoted": "sponsored = true",
    "promoted_at_least": 0.1,
    "promoted_at_most": 0.3,
}
DPP = {"method": "dpp", "diversity": 0.1, "pool": 500}
SURFACES: dict[str, dict[str, Any]] = {
    "home": {},
    "bare": {},
    "filtered": {"filter": FILTER},
    "boosted": {"boosts": [BOOST], "freshness": {"strength": 0.5}},
    "ruled": {"rules": RULES},
    "dpp": {"diversity": DPP},
    "mmr": {"diversity": {**DPP, "method": "mmr"}},
    "drawn": {"exploration": {"policy": "boltzmann"}},
    "drawn by rules": {"exploration": {"policy": "boltzmann"}, "rules": RULES},
    "whole": {"filter": FILTER, "boosts": [BOOST], "rules": RULES, "diversity": DPP},
    "requested": {"rules": RULES, "diversity": DPP},
    "whole, drawn": {
        "filter": FILTER,
        "boosts": [BOOST],
        "rules": RULES,
        "diversity": DPP,
        "exploration": {"policy": "boltzmann"},
    },
}


class Shop:
    """Items in memory, and no past."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rows = [
            {
                "brand": f"b{int(rng.integers(40))}",
                "price": round(float(rng.gamma(2, 100)), 2),
                "tags": ["sale", "new"][: int(rng.integers(3))],
                "sponsored": bool(rng.random() < 0.1),
                "created": NOW - int(rng.integers(400)) * 86_400_000,
            }
            for _ in range(ITEMS)
        ]
        self.ids = [f"i{i}" for i in range(ITEMS)]

    def scan(self, kind: str, *, columns: object = None) -> pl.DataFrame:
        """The catalogue, as a store gives it."""
        texts = [json.dumps(row) for row in self.rows]
        return pl.DataFrame({"key": id_keys(self.ids), "id": self.ids, "attributes": texts})

    def get(self, kind: str, ids: object) -> dict[str, Any]:
        """Nothing is known of users."""
        return {}


def made_up_slater(rng: np.random.Generator) -> tuple[Slater, Vocabulary]:
    """The stage over `SURFACES` and a made-up shop, and the shop's items."""
    shop = Shop(rng)
    vectors = rng.normal(size=(ITEMS, DIM)).astype(np.float16)
    settings = Settings.model_validate({"surfaces": SURFACES})
    table = ItemTable(shop)  # type: ignore[arg-type]
    slater = Slater(
        GreedyPolicy(),
        surfaces=settings.surfaces,
        serve=settings.serve,
        memory=Memory(None, None, hide_seen=True, history_length=500),  # type: ignore[arg-type]
        table=table,
        entities=shop,  # type: ignore[arg-type]
        likeness=Likeness(lambda: vectors, table),
        popularity=np.ones(ITEMS, dtype=np.float32),
    )
    return slater, Vocabulary(shop.ids)


def main() -> int:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=1000)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    slater, vocabulary = made_up_slater(rng)
    lists = []
    for _ in range(50):
        scores = rng.normal(size=(1, ITEMS)).astype(np.float32)
        best = top_k(scores, k=CANDIDATES, tie_order=vocabulary.tie_order)
        lists.append((Candidates(best.items, best.scores), scores[0]))
    report: dict[str, Any] = {
        "candidates": CANDIDATES,
        "items": ITEMS,
        "queries": arguments.queries,
        "load": round(os.getloadavg()[0], 2),
        "limit_ms": {"whole": LIMIT_MS},
        "ms": {},
    }
    with threadpool_limits(1):
        for name in SURFACES:
            report["ms"][name] = measured(slater, vocabulary, lists, name, arguments.queries)
    home, bare = report["ms"]["home"], report["ms"]["bare"]
    report["home_over_bare_ms"] = {p: round(home[p] - bare[p], 3) for p in ("p50", "cpu_p50")}
    RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    show(report)
    return 0


def measured(
    slater: Slater,
    vocabulary: Vocabulary,
    lists: list[tuple[Candidates, np.ndarray]],
    name: str,
    queries: int,
) -> dict[str, float]:
    """Milliseconds of a query, after a warm-up of 50."""
    own = name == "requested"
    spent: list[float] = []
    worked: list[float] = []
    for i in range(queries + 50):
        candidates, scores = lists[i % len(lists)]
        query = SlateQuery(
            None,
            name,
            NOW,
            10,
            seed=i,
            filter=FILTER if own else "",
            boost=BOOST if own else "",
            context={"device": "phone"},
        )
        began, started = time.process_time(), time.perf_counter()
        opening = slater.open(query, vocabulary)
        slater.slate(candidates, opening, scores)
        spent.append((time.perf_counter() - started) * 1e3)
        worked.append((time.process_time() - began) * 1e3)
    found = {f"p{p}": round(float(np.percentile(spent[50:], p)), 3) for p in (50, 95, 99)}
    return {**found, "cpu_p50": round(float(np.percentile(worked[50:], 50)), 3)}


def show(report: dict[str, Any]) -> None:
    """Prints the table."""
    table = Table(title="from 500 candidates to a slate of ten", title_justify="left")
    for column in ("surface", "p50 ms", "p95 ms", "p99 ms", "p50 cpu ms"):
        table.add_column(column)
    for name, found in report["ms"].items():
        table.add_row(name, *(f"{found[p]:.2f}" for p in ("p50", "p95", "p99", "cpu_p50")))
    Console().print(table)


if __name__ == "__main__":
    raise SystemExit(main())
