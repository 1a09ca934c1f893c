"""kill -9 at random moments in ingest, training and publishing: nothing acknowledged is lost.

    .venv/bin/python benchmarks/faults.py [--rounds 100] [--seed 1]

A child process works on a small workspace: it records batches of events and writes each batch's
number to a pipe once it was acknowledged, or it trains and publishes. It is killed after a
random time. After every round the workspace is opened anew, and: every acknowledged event is in
the store exactly once; of a batch that was not acknowledged all or none of the events are;
the model that serves is whole and answers. Writes benchmarks/results/faults.json; exit code 1
where something is lost.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from zhiyin.core.errors import ZhiyinError
from zhiyin.pipeline.wiring import open_workspace

RESULTS = Path(__file__).parent / "results"
BATCH = 7
KINDS = ("ingest", "train", "publish")
INGEST = """
import sys
from pathlib import Path
from zhiyin.pipeline.wiring import open_workspace
folder, first, batch = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
with open_workspace(folder) as workspace:
    print("ready", flush=True)
    for number in range(first, first + 100_000):
        workspace.record([
            {"user_id": f"u{(number + i) % 40}", "item_id": f"i{(number * 7 + i) % 25}",
             "event_id": f"e{number}-{i}", "timestamp": 1_700_000_000_000 + number * 1000 + i}
            for i in range(batch)
        ])
        print(number, flush=True)
"""
TRAIN = """
import sys
from pathlib import Path
from zhiyin.pipeline.wiring import open_workspace
with open_workspace(Path(sys.argv[1])) as workspace:
    print("ready", flush=True)
    while True:
        workspace.train(recipe="ease")
"""
PUBLISH = """
import sys
from pathlib import Path
from zhiyin.pipeline.wiring import open_workspace
with open_workspace(Path(sys.argv[1])) as workspace:
    trained = workspace.engine().trained
    print("ready", flush=True)
    while True:
        with workspace.publishing() as (_, publish):
            publish(trained)
        workspace.artifacts.prune(3)
"""
SCRIPTS = {"ingest": INGEST, "train": TRAIN, "publish": PUBLISH}


def main() -> int:
    """Runs the rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="zhiyin-faults-"))
    try:
        report = run_rounds(folder, rounds=arguments.rounds, seed=arguments.seed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report |= {"rounds": arguments.rounds, "seed": arguments.seed}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "faults.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))
    return 1 if report["faults"] else 0


def run_rounds(folder: Path, *, rounds: int, seed: int, longest_s: float = 0.6) -> dict[str, Any]:
    """Kills so many children, and looks after each of them.

    Args:
        folder: An empty folder.
        rounds: How many.
        seed: Seed of kinds and moments.
        longest_s: A child lives at most so long after it has begun to work.
    """
    draw = random.Random(seed)
    shop = folder / "shop"
    with open_workspace(shop) as workspace:
        workspace.record(_first_events())
        workspace.train(recipe="ease")
    acknowledged: set[int] = set()
    faults: list[str] = []
    killed = dict.fromkeys(KINDS, 0)
    versions: set[str] = set()
    for at in range(rounds):
        kind = KINDS[at % len(KINDS)]
        told = one_round(shop, kind, first=at * 100_000, alive_s=draw.uniform(0.0, longest_s))
        acknowledged |= told
        killed[kind] += 1
        faults += [f"round {at} ({kind}): {fault}" for fault in look(shop, acknowledged, versions)]
    return {
        "killed": killed,
        "acknowledged_events": BATCH * len(acknowledged),
        "versions_seen": len(versions),
        "faults": faults,
    }


def one_round(shop: Path, kind: str, *, first: int, alive_s: float) -> set[int]:
    """Lets a child work for a while and kills it; returns the batches it acknowledged."""
    command = [sys.executable, "-c", SCRIPTS[kind], str(shop), str(first), str(BATCH)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as child:
        assert child.stdout is not None
        if child.stdout.readline().strip() != b"ready":
            raise RuntimeError(f"the child of {kind} did not begin")
        time.sleep(alive_s)
        os.killpg(child.pid, signal.SIGKILL)
        whole = [line for line in child.stdout.read().split(b"\n")[:-1] if line]
        child.wait()
    return {int(line) for line in whole}


def look(shop: Path, acknowledged: set[int], versions: set[str]) -> list[str]:
    """What is wrong after a round."""
    faults: list[str] = []
    try:
        with open_workspace(shop) as workspace:
            found: dict[int, int] = {}
            first = 1_700_000_000_000
            for batch in workspace.stores.events.scan(columns=["timestamp"]):
                for when in batch["timestamp"].to_list():
                    if when >= first:
                        number = (when - first) // 1000
                        found[number] = found.get(number, 0) + 1
            lost = [number for number in acknowledged if found.get(number, 0) != BATCH]
            torn = [number for number, n in found.items() if n != BATCH]
            faults += [f"acknowledged and not there whole and once: {lost[:5]}"] if lost else []
            faults += [f"half a batch: {torn[:5]}"] if torn else []
            version = workspace.artifacts.current()
            versions.add(str(version))
            workspace.artifacts.check(str(version))
            if not workspace.recommend("u1", n=3).positions:
                faults.append("an empty slate")
    except ZhiyinError as error:
        faults.append(f"{type(error).__name__}: {error}")
    return faults


def _first_events() -> list[dict[str, Any]]:
    return [
        {
            "user_id": f"u{user}",
            "item_id": f"i{(user * 3 + place) % 25}",
            "timestamp": 1_600_000_000_000 + user * 10 + place,
        }
        for user in range(40)
        for place in range(5)
    ]


if __name__ == "__main__":
    sys.exit(main())
