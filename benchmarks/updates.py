"""Ten daily updates against training from the beginning, with time and quality of both.

    .venv/bin/python benchmarks/updates.py [--model hstu] [--data ../shared/data/ml-1m]

The events of ml-1m have an order and no times, so days are made: the last event of each user
is the test, of the tenth of events before it each user has two sittings, on two of ten days
drawn at random; one user in twenty comes for the first time on such a day, and one item in
fifty has no event before the first of them. The model is trained on what was before, then
updated ten times with what each day brought. At the end a second one is trained from the
beginning on everything. Writes benchmarks/results/updates.json; exit code 1 where a limit is
missed: 97 % of the quality, 20 % of the time for an update.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Histories
from zhiyin.core.metrics import hit_rate, hits, ndcg
from zhiyin.core.protocols import Retriever
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.core.topk import bar, top_k
from zhiyin.neural.settings import LoopConfig
from zhiyin.pipeline.benchmark.folder import read_split

RESULTS = Path(__file__).parent / "results"
DAYS, BEFORE = 10, -1
QUALITY, TIME = 0.97, 0.20
EPOCHS = 10
SEED = 7


def main() -> int:
    """Runs both and compares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="hstu")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ml-1m"))
    arguments = parser.parse_args()
    split = read_split(arguments.data, protocol="leave-one-out", seed=42)
    history, truth = split.train, split.tests["metrics"].test
    day = days(history, np.random.default_rng(SEED))
    history, day = history.where(day < DAYS), day[day < DAYS]
    console = Console()

    known = history.where(day == BEFORE)
    items = np.flatnonzero(np.bincount(known.items, minlength=history.n_items))
    first = trained(arguments.model, among(known, items))
    console.print(f"trained on {len(known.items):,} events in {first[1]:.0f} s")
    stale = quality(first[0], history, truth, items)
    model, seconds = first[0], []
    for today in range(DAYS):
        there = day <= today
        now = history.where(there)
        before, items = items, grown(items, now)
        place = np.full(history.n_items, -1, dtype=np.int32)
        place[before] = np.arange(len(before))
        began = time.monotonic()
        model.update(
            TrainingData(among(now, items)),
            known=place[items],
            fresh=(day == today)[there],
            rng=np.random.default_rng(SEED),
            deadline=Deadline(900),
        )
        seconds.append(round(time.monotonic() - began, 1))
        console.print(f"day {today + 1}: {int((day == today).sum()):,} events, {seconds[-1]} s")
    updated = quality(model, history, truth, items)
    again, scratch_s = trained(arguments.model, among(history, items))
    scratch = quality(again, history, truth, items)
    share = float(np.mean(seconds)) / scratch_s
    kept = {name: updated[name] / scratch[name] for name in scratch}
    document = {
        "model": arguments.model,
        "epochs": EPOCHS,
        "updated": updated,
        "from the beginning": scratch,
        "without updates": stale,
        "update_s": seconds,
        "from_the_beginning_s": round(scratch_s, 1),
        "time_share": round(share, 4),
        "quality_kept": {name: round(value, 4) for name, value in kept.items()},
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "updates.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    table = Table(title="ten daily updates", title_justify="left")
    for column in ("", *scratch, "seconds"):
        table.add_column(column)
    rows = {
        "from the beginning": (scratch, scratch_s),
        "updated": (updated, np.mean(seconds)),
        "without updates": (stale, 0.0),
    }
    for name, (found, spent) in rows.items():
        table.add_row(name, *(f"{value:.4f}" for value in found.values()), f"{spent:.1f}")
    table.add_row("share", *(f"{value:.1%}" for value in kept.values()), f"{share:.1%}")
    console.print(table)
    return int(min(kept.values()) < QUALITY or share > TIME)


def days(history: Histories, rng: np.random.Generator) -> NDArray[np.int64]:
    """On which day each event arrives, -1 for before all of them, DAYS for never: (events,)."""
    rows, lengths = history.rows, history.lengths
    late = history.from_end < np.repeat(np.ceil(lengths / 10), lengths)
    sittings = np.sort(rng.integers(0, DAYS, (len(history), 2)), axis=1)
    second = history.from_end < np.repeat(np.ceil(lengths / 20), lengths)
    day = np.where(late, sittings[rows, second.astype(int)], BEFORE)
    comers = rng.random(len(history)) < 0.05
    day = np.where(comers[rows] & (day == BEFORE), sittings[rows, 0], day)
    newest = rng.random(history.n_items) < 0.02
    return np.where(newest[history.items] & (day == BEFORE), DAYS, day)


def among(history: Histories, items: NDArray[np.integer]) -> Histories:
    """The history over a catalogue of some items, renumbered in their order."""
    place = np.full(history.n_items, -1, dtype=np.int32)
    place[items] = np.arange(len(items))
    kept = history.where(place[history.items] >= 0)
    return replace(kept, items=place[kept.items], n_items=len(items))


def grown(items: NDArray[np.integer], now: Histories) -> NDArray[np.integer]:
    """The catalogue with the items that came up since at its end."""
    every = np.flatnonzero(np.bincount(now.items, minlength=now.n_items))
    return np.concatenate([items, np.setdiff1d(every, items)])


def trained(name: str, history: Histories) -> tuple[Any, float]:
    """A model from the beginning, and the seconds that it took."""
    cls = load(RETRIEVERS, name)
    loop: LoopConfig = cls.Config().loop
    config = cls.Config(loop=loop.model_copy(update={"epochs": EPOCHS}))
    began = time.monotonic()
    model = cls(config).fit(
        TrainingData(history), rng=np.random.default_rng(SEED), deadline=Deadline(1800)
    )
    return model, time.monotonic() - began


def quality(
    model: Retriever, history: Histories, truth: Histories, items: NDArray[np.integer]
) -> dict[str, float]:
    """HR@10 and NDCG@10 of each user's last event; one that the catalogue lacks is a miss."""
    seen = among(history, items)
    wanted = among(truth, items)
    scores = model.score(Queries(seen, np.full(len(seen), -1, dtype=np.int32)))
    bar(scores, seen)
    order = np.arange(scores.shape[1], dtype=np.int32)
    found = hits(top_k(scores, k=10, tie_order=order).items, wanted)
    return {
        "hr@10": round(float(np.nansum(hit_rate(found, 10))) / len(truth), 5),
        "ndcg@10": round(float(np.nansum(ndcg(found, 10))) / len(truth), 5),
    }


if __name__ == "__main__":
    sys.exit(main())
