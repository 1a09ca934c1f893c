"""What each choice in the sequence models is worth: the same six epochs with one thing changed.

    .venv/bin/python benchmarks/sequence_choices.py [--only NAME ...] [--epochs 6]

ml-1m in position order. The last event of every user is put aside and not read; the one before
it is validation, for all users; nothing else is held out, and every run takes all its epochs.
One thread. Writes benchmarks/results/sequence-choices.json: NDCG@10 and HR@10 on validation and
seconds of training.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.metrics import hit_rate, hits, ndcg
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.core.topk import bar, top_k
from zhiyin.models.hybrid.blend import standardised
from zhiyin.pipeline.benchmark.folder import read_split

RESULTS = Path(__file__).parent / "results" / "sequence-choices.json"
CHOICES: dict[str, tuple[str, dict[str, Any]]] = {
    "hstu, as shipped": ("hstu", {}),
    "hstu, AdamW alone": ("hstu", {"loop": {"optimizer": "adamw"}}),
    "hstu, vectors begin anywhere": ("hstu", {"start": "random"}),
    "hstu, 512 negatives": ("hstu", {"negatives": 512}),
    "hstu, three windows of each history": ("hstu", {"windows": 3}),
    "sasrec, as shipped": ("sasrec", {}),
    "sasrec, blocks without gates": ("sasrec", {"block": "plain"}),
    "hstu, another seed": ("hstu", {}),
    "gru, as shipped": ("gru", {}),
}
SEEDS = {"hstu, another seed": 2}
BLENDS = (
    ("hstu, as shipped", "sasrec, as shipped"),
    ("hstu, as shipped", "hstu, another seed"),
    ("hstu, as shipped", "gru, as shipped"),
)


def main() -> int:
    """Trains what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(CHOICES), default=list(CHOICES))
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ml-1m"))
    arguments = parser.parse_args()
    split = read_split(arguments.data, protocol="leave-one-out", seed=42)
    train = split.train.where(~split.held_out)
    truth = split.train.where(split.held_out)
    console = Console()
    found: dict[str, Any] = {}
    blends: dict[str, Any] = {}
    kept: dict[str, Floats] = {}
    if RESULTS.exists():
        before = json.loads(RESULTS.read_text(encoding="utf-8"))
        found, blends = before["choices"], before["blends"]
    for name in arguments.only:
        model, settings = CHOICES[name]
        cls = load(RETRIEVERS, model)
        loop = cls.Config().loop.model_dump() | settings.get("loop", {})
        loop |= {"epochs": arguments.epochs}
        config = cls.Config.model_validate({**settings, "loop": loop, "held_out": 0})
        began = time.monotonic()
        rng = np.random.default_rng(SEEDS.get(name, 1))
        fitted = cls(config).fit(TrainingData(train), rng=rng, deadline=Deadline(3600))
        seconds = round(time.monotonic() - began, 1)
        scores = fitted.score(Queries(train, np.full(len(train), -1, dtype=np.int32)))
        found[name] = quality(scores, train, truth) | {"seconds": seconds}
        found[name]["epochs"] = arguments.epochs
        if any(name in pair for pair in BLENDS):
            kept[name] = standardised(scores)
        console.print(f"{name}: {found[name]}")
        for pair in BLENDS:
            if name in pair and kept.keys() >= set(pair):
                blends[" + ".join(pair)] = quality(kept[pair[0]] + kept[pair[1]], train, truth)
        document = {"data": "ml-1m", "choices": {k: found[k] for k in CHOICES if k in found}}
        document["blends"] = blends
        RESULTS.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    table = Table(title="six epochs, validation", title_justify="left")
    for column in ("", "NDCG@10", "HR@10", "seconds"):
        table.add_column(column)
    for name, entry in (found | blends).items():
        spent = f"{entry['seconds']:.0f}" if "seconds" in entry else ""
        table.add_row(name, f"{entry['ndcg@10']:.4f}", f"{entry['hr@10']:.4f}", spent)
    console.print(table)
    return 0


def quality(scores: Floats, train: Histories, truth: Histories) -> dict[str, Any]:
    """Of everybody's next event among all items that they do not have."""
    barred = scores.copy()
    bar(barred, train)
    order = np.arange(train.n_items, dtype=np.int32)
    hit = hits(top_k(barred, k=10, tie_order=order).items, truth)
    return {
        "ndcg@10": round(float(np.nanmean(ndcg(hit, 10))), 5),
        "hr@10": round(float(np.nanmean(hit_rate(hit, 10))), 5),
    }


if __name__ == "__main__":
    sys.exit(main())
