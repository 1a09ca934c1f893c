"""How long a profile takes: reading the catalogue, one user, scoring every item.

    python benchmarks/profiles.py [FOLDER]

FOLDER holds interactions.parquet and items.parquet (ml-1m in the stored result); without
one the simulated shop is taken.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import zhiyin
from zhiyin.data.simulated import simulate_shop
from zhiyin.pipeline.profiles import ProfileScorer
from zhiyin.pipeline.workspace import Workspace

RESULT = Path(__file__).parent / "results" / "profiles.json"
USERS = 300


def milliseconds(work: Callable[[str], object], users: list[str]) -> dict[str, float]:
    """Median and 95th percentile of one call per user."""
    taken: list[float] = []
    for user in users:
        start = time.perf_counter()
        work(user)
        taken.append(1000 * (time.perf_counter() - start))
    return {
        "p50_ms": round(float(np.median(taken)), 1),
        "p95_ms": round(float(np.quantile(taken, 0.95)), 1),
    }


def load(workspace: Workspace) -> float:
    """Seconds until the catalogue has tags and vectors."""
    start = time.perf_counter()
    workspace.profiles.catalogue.table  # noqa: B018 - reading it is the work
    return round(time.perf_counter() - start, 1)


def measure(folder: Path, source: Path) -> dict[str, object]:
    """Everything, over a workspace made in a folder."""
    with zhiyin.open(folder) as workspace:
        events, items = source / "interactions.parquet", source / "items.parquet"
        workspace.import_files(events=events, items=items)
        cold = load(workspace)
    with zhiyin.open(folder) as workspace:
        warm = load(workspace)
        catalogue = workspace.profiles.catalogue
        frame = workspace.stores.entities.scan("user", columns=["id"])
        users: list[str] = frame["id"].sort().to_list()[:USERS]
        events_of = [workspace.profile(user).n_events for user in users]
        busiest = max(events_of)
        busy = [u for u, n in zip(users, events_of, strict=True) if n >= 0.9 * busiest]
        scorer = ProfileScorer(workspace.profiles)
        return {
            "catalogue": source.name,
            "items": len(catalogue.items),
            "tags": len(catalogue.table.tags),
            "catalogue_first_s": cold,
            "catalogue_encoded_before_s": warm,
            "events_per_user": busiest,
            "users": len(busy),
            "profile": milliseconds(workspace.profile, busy),
            "weights_only": milliseconds(lambda u: workspace.profiles.of(u, readable=False), busy),
            "scores": milliseconds(lambda u: scorer.scores(u, items=catalogue.items), busy),
            "mutes_of_who_has_none": milliseconds(
                lambda u: scorer.muted(u, items=catalogue.items), busy
            ),
            "load_of_the_machine": round(os.getloadavg()[0], 1),
        }


def main() -> None:
    """Measures, prints and stores."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch) / "shop"
        if len(sys.argv) == 1:
            paths = simulate_shop().write(source)
            paths["events"].rename(source / "interactions.parquet")
        found = measure(Path(scratch) / "workspace", source)
    RESULT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
