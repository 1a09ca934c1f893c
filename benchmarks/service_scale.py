"""Slates over HTTP from catalogues of a hundred thousand and a million generated items.

    .venv/bin/python benchmarks/service_scale.py [--items 100000 1000000] [--train 120]

A log and a catalogue are generated and imported; a sequence model, transitions, neighbours and
recent popularity are trained on it and blended (what they learn matters little here: scores cost
the same whatever they are worth). One caller, then sixteen at half of the peak, ask
`zhiyin serve` with two workers for slates, with events between them. Meaning is left out: reading
a million texts takes hours on two cores; `benchmarks/index.py` has the search among a million
vectors. With --keep the workspaces stay in a folder, and are there the next time.
Writes benchmarks/results/service-scale.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl
from service import CALLERS, RESULTS, Serving, engine_ms, load, look_in, stolen

import zhiyin
from zhiyin.models.hybrid.blend import Blend, Member
from zhiyin.pipeline.train import train
from zhiyin.pipeline.workspace import Workspace

MEMBERS = {"hstu": 0.75, "markov": 0.2, "item-knn": 0.2, "recent-popularity": 0.1}
_EVENTS_PER_ITEM, _MOST_EVENTS, _EVENTS_PER_USER = 10, 3_000_000, 30
_NEIGHBOURS = 40
"""What follows in a history lies so many items around what came before: something to learn."""


def main() -> int:
    """Generates, trains, serves, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--train", type=float, default=120.0, help="seconds for each model")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--port", type=int, default=18092)
    arguments = parser.parse_args()
    cases: list[dict[str, Any]] = []
    for n_items in arguments.items:
        with tempfile.TemporaryDirectory(prefix="zhiyin-scale-") as scratch:
            place = (arguments.keep or Path(scratch)) / str(n_items)
            case = kept(place, n_items, arguments.train)
            before = stolen()
            case |= served(place / "shop", arguments.seconds, arguments.port)
            case["stolen_share"] = round(stolen(before)[0], 4)
        print(json.dumps(case, indent=1))
        cases.append(case)
    told = json.dumps({"workers": 2, "weights": MEMBERS, "cases": cases}, indent=1)
    (RESULTS / "service-scale.json").write_text(told + "\n", encoding="utf-8")
    return 0


def kept(place: Path, n_items: int, train_s: float) -> dict[str, Any]:
    """What is said of a workspace in a folder, which is made where it is not there."""
    told = place / "prepared.json"
    if not told.exists():
        place.mkdir(parents=True, exist_ok=True)
        told.write_text(json.dumps(prepared(place, place / "shop", n_items, train_s)))
    found: dict[str, Any] = json.loads(told.read_text())
    return found


def prepared(scratch: Path, folder: Path, n_items: int, train_s: float) -> dict[str, Any]:
    """A workspace with so many items and a model over them."""
    items, log = scratch / "items.parquet", scratch / "log.parquet"
    generate(n_items, items, log)
    started = perf_counter()
    with zhiyin.open(folder) as shop:
        reports = shop.import_files(events=log, items=items)
        imported_s = perf_counter() - started
        trained_s = teach(shop, train_s)
    return {
        "events": reports["events"].accepted,
        "import_s": round(imported_s, 1),
        "train_s": round(trained_s, 1),
        "artifact_mb": round(
            sum(f.stat().st_size for f in (folder / "models").rglob("*") if f.is_file()) / 2**20
        ),
    }


def generate(n_items: int, items: Path, log: Path) -> None:
    """Writes a catalogue and histories in which neighbours follow one another."""
    rng = np.random.default_rng(7)
    rows = min(_MOST_EVENTS, _EVENTS_PER_ITEM * n_items)
    numbers = np.arange(n_items)
    pl.DataFrame(
        {
            "item_id": pl.Series(numbers).cast(pl.String),
            "title": pl.Series(numbers).map_elements(lambda i: f"Thing {i}", pl.String),
            "categories": pl.Series(numbers % 200).cast(pl.String),
            "price": rng.gamma(2.0, 20.0, n_items).round(2),
        }
    ).write_parquet(items)
    users = np.sort(rng.integers(0, rows // _EVENTS_PER_USER, rows))
    start = (rng.pareto(1.1, rows) * n_items / 100).astype(np.int64) % n_items
    first = np.flatnonzero(np.diff(users, prepend=-1))
    centre = np.repeat(start[first], np.diff(first, append=rows))
    near = rng.integers(-_NEIGHBOURS, _NEIGHBOURS + 1, rows)
    taken = np.where(rng.random(rows) < 0.7, (centre + near) % n_items, start)
    pl.DataFrame(
        {
            "user_id": pl.Series(users).cast(pl.String),
            "item_id": pl.Series(taken).cast(pl.String),
            "event": pl.Series(["view"]).gather(np.zeros(rows, dtype=np.int64)),
            "timestamp": 1_700_000_000_000 + np.arange(rows) * 1000,
        }
    ).write_parquet(log)


def teach(shop: Workspace, train_s: float) -> float:
    """Publishes the blend; returns the seconds that its training took."""
    started = perf_counter()
    with shop.publishing() as (dataset, publish):
        trained = [
            train(dataset, recipe=name, budget_s=train_s, seed=1, progress=silent_about(name))
            for name in MEMBERS
        ]
        blend = Blend(
            [
                Member(name, weight, each.blend.members[0].model)
                for each, (name, weight) in zip(trained, MEMBERS.items(), strict=True)
            ]
        )
        publish(replace(trained[0], blend=blend))
    return perf_counter() - started


def silent_about(name: str) -> Any:  # noqa: ANN401 - a Progress
    """Tells on standard error which model is being trained."""
    sys.stderr.write(f"training {name}\n")
    return lambda *_: None


def served(folder: Path, seconds: float, port: int) -> dict[str, Any]:
    """What callers see."""
    users, items, facts = look_in(folder)
    ask: dict[str, Sequence[str]] = {"users": users, "items": items}
    found: dict[str, Any] = {**facts, "engine_ms": engine_ms(folder, users, n=200)}
    with Serving(folder, workers=1, port=port) as server:
        found["first_slate_s"] = server.first_slate_s
        found["one_caller"] = load(port, ask, mix="slates", callers=1, seconds=seconds)
    with Serving(folder, workers=2, port=port) as server:
        peak = load(port, ask, mix="mixed", callers=CALLERS, seconds=seconds)
        found["peak"] = peak
        found["half"] = load(
            port,
            ask,
            mix="mixed",
            callers=CALLERS,
            seconds=seconds,
            rate=peak["requests_per_s"] / 2,
        )
        found["memory_mb"] = server.memory()
    return found


if __name__ == "__main__":
    raise SystemExit(main())
