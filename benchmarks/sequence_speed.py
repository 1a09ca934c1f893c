"""How fast sequence models train: sequences, events and FLOP a second, and memory.

    .venv/bin/python benchmarks/sequence_speed.py [--models hstu sasrec gru] [--dims 32 64 128]
        [--threads 1]

Each model takes 60 steps on ml-1m in a process of its own. FLOP are those of the matrix
products of forward and backward passes, as torch counts them (attention inside a fused kernel
is not counted); peak is what a product of 2,048 x 2,048 reaches on these threads just before, in
float32 and in bfloat16, which half of the products take where the CPU has AMX. Writes
benchmarks/results/sequence-speed.json, or with more threads -N.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode

from zhiyin.core.registry import RETRIEVERS, load, load_path
from zhiyin.models.sequence.task import NextItem
from zhiyin.neural.optimizer import Optimizer
from zhiyin.pipeline.benchmark.folder import read_split

RESULTS = Path(__file__).parent / "results"
WARM_UP, STEPS, SIDE = 5, 60, 2048


def main() -> int:
    """Measures every model at every width, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=["hstu", "sasrec", "gru"])
    parser.add_argument("--dims", nargs="*", type=int, default=[32, 64, 128])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ml-1m"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--one", nargs=2, metavar=("MODEL", "DIM"))
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measured(arguments.one[0], int(arguments.one[1]), arguments)))
        return 0
    title = f"training on ml-1m, threads: {arguments.threads}"
    table = Table(title=title, title_justify="left")
    columns = ("model", "dim", "ms a step", "sequences/s", "events/s", "GFLOP/s", "of peak", "MB")
    for column in columns:
        table.add_column(column)
    found: list[dict[str, Any]] = []
    for model in arguments.models:
        for dim in arguments.dims:
            command = [sys.executable, __file__, "--data", str(arguments.data)]
            command += ["--threads", str(arguments.threads)]
            command += ["--one", model, str(dim)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            entry = json.loads(said.splitlines()[-1])
            found.append(entry)
            table.add_row(
                model,
                str(dim),
                f"{entry['ms_per_step']:.0f}",
                f"{entry['sequences_per_s']:.0f}",
                f"{entry['events_per_s']:,.0f}",
                f"{entry['gflop_per_s']:.0f}",
                f"{entry['gflop_per_s'] / entry['peak_float32']:.0%}",
                f"{entry['peak_rss_mb']:.0f}",
            )
    Console().print(table)
    RESULTS.mkdir(exist_ok=True)
    suffix = "" if arguments.threads == 1 else f"-{arguments.threads}"
    path = RESULTS / f"sequence-speed{suffix}.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def measured(name: str, dim: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Steps of one model, as the training loop takes them."""
    torch.set_num_threads(asked.threads)
    histories = read_split(asked.data, protocol="leave-one-out", seed=42).train
    cls = load(RETRIEVERS, name)
    config = cls.Config(dim=dim)
    torch.manual_seed(0)
    network = load_path(cls.network)(config, histories.n_items)
    task = NextItem(network, histories, config, 0, held=np.empty(0, dtype=np.int64))
    optimizer = Optimizer(network, config.loop, torch.device("cpu"))
    batches = task.batches(0)[: WARM_UP + STEPS]
    peaks = {kind: peak(getattr(torch, kind)) for kind in ("float32", "bfloat16")}
    began = 0.0
    for at, batch in enumerate(batches):
        if at == WARM_UP:
            began = time.perf_counter()
        network.zero_grad(set_to_none=True)
        task.loss(batch).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), config.loop.clip)
        optimizer.step(1.0)
    seconds = time.perf_counter() - began
    counted = batches[WARM_UP:]
    with FlopCounterMode(display=False) as counter:
        for batch in counted[:10]:
            task.loss(batch).backward()
    flop = counter.get_total_flops() / 10
    events = sum(int((task.lengths(batch)).sum()) for batch in counted)
    return {
        "model": name,
        "dim": dim,
        "threads": asked.threads,
        "ms_per_step": round(1000 * seconds / len(counted), 1),
        "sequences_per_s": round(sum(len(b) for b in counted) / seconds, 1),
        "events_per_s": round(events / seconds),
        "gflop_per_s": round(flop * len(counted) / seconds / 1e9, 1),
        **{f"peak_{kind}": round(value, 1) for kind, value in peaks.items()},
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def peak(kind: torch.dtype) -> float:
    """GFLOP/s of a large product."""
    a, b = (torch.randn(SIDE, SIDE).to(kind) for _ in range(2))
    best = 0.0
    for _ in range(5):
        began = time.perf_counter()
        torch.mm(a, b)
        best = max(best, 2 * SIDE**3 / (time.perf_counter() - began) / 1e9)
    return best


if __name__ == "__main__":
    sys.exit(main())
