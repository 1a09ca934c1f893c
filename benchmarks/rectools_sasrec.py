"""SASRec of RecTools and ours: the training seconds to the same NDCG@10, one thread each.

    python3.11 -m venv /tmp/rectools
    /tmp/rectools/bin/pip install torch==2.13.0 'rectools[torch]==0.19.0'
    .venv/bin/python benchmarks/rectools_sasrec.py --python /tmp/rectools/bin/python

On ml-1m in the order of ``position``: training rows are all events of a user but the last two;
the last but one of every user is to be found among all items that the user's training rows do
not hold. The last is not read. RecTools trains for ``--budget`` seconds (900), then ours for a
third of that, each in a process of its own. After every epoch, and when the time is up, both
name ten items for every user, and one function measures both. Reading the data, imports and
these lists do not count as training time; what ``fit`` of RecTools prepares does, and so do our
first item vectors. Both keep their best value of the validation, so neither is a test result.

The same: rows, and of these the latest 200 predictions of every user; 64 dims, 2 blocks of
plain residuals, 2 heads, learned positions, dropout .2; softmax over all items; nothing held out
of training; torch on the CPU, one thread.

As each ships:

- RecTools trains ``SASRecModel`` by Adam (0.9, 0.98) with a constant step of 1e-3, in batches of
  128 sequences padded to 200, float32; feed-forward 64 wide with ReLU, dropout also inside of it
  and of attention, residuals from the normalised input as in the authors' code; Xavier start.
  One ``fit`` is watched from a callback, so that it prepares its data once (``fit_partial``
  keeps Adam's moments too, and would prepare them for every epoch).
- Ours trains ``SasrecConfig(block="plain")`` by Muon and AdamW with a cosine that ends at the
  deadline, in batches of up to 2,048 events of like length; feed-forward 256 wide with GELU
  (``--widening 1``: 64); item vectors begin at singular vectors of all training rows; the
  products of the loss are bfloat16 where the CPU has AMX (``--precision float32``: nowhere).
  Patience is lifted, so that the curve goes to the end.

RecTools takes seconds for a step on one thread: its logits are 128 x 200 x items, and are gone
over many times. An epoch is 48 steps and takes minutes, 900 s are few epochs, and its best value
is then that of a training that has just begun: this compares the ways there, not what both can
reach. A longer ``--budget`` tells more. Theirs is measured after each epoch, ours, whose epochs
are shorter, eight times in each.

Writes benchmarks/results/rectools-sasrec.json with both curves. Exit code 1 where ours needs
more than a third of the time in which RecTools reached its best, or does not reach it. Times
are wall clock; CPU seconds stand beside them, for machines that others use.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Histories, ItemIndices
from zhiyin.core.metrics import hit_rate, hits, ndcg
from zhiyin.core.topk import bar, top_k
from zhiyin.models.sequence.network import SequenceNetwork
from zhiyin.models.sequence.sasrec import SasrecConfig
from zhiyin.models.sequence.start import behaviour_vectors
from zhiyin.models.sequence.task import NextItem
from zhiyin.models.sequence.transformer import sasrec
from zhiyin.neural.batches import in_order, last_windows, padded
from zhiyin.neural.devices import lower_precision, own_randomness
from zhiyin.neural.loop import train
from zhiyin.pipeline.benchmark.folder import read_split

RESULTS = Path(__file__).parent / "results"
LIMIT = 1 / 3
K = 10
START_SHARE = 0.05
PIECES = 8
"""Of our time, at most so much goes into the first item vectors, as in `learning.learn`."""
MISSING = """RecTools must not enter this environment. Make it one of its own:
    python3.11 -m venv /tmp/rectools
    /tmp/rectools/bin/pip install torch==2.13.0 'rectools[torch]==0.19.0'
and name it: --python /tmp/rectools/bin/python"""

THEIRS = '''
import json, sys, time
from importlib.metadata import version
from pathlib import Path

import numpy as np, pandas as pd, torch
from pytorch_lightning import Callback, Trainer
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel

room = Path(sys.argv[1])
asked = json.loads((room / "settings.json").read_text())
events = np.load(room / "events.npz")
users = np.repeat(np.arange(len(events["indptr"]) - 1), np.diff(events["indptr"]))
table = pd.DataFrame({Columns.User: users, Columns.Item: events["items"], Columns.Weight: 1.0})
table[Columns.Datetime] = pd.to_datetime(np.arange(len(table)), unit="s")
dataset = Dataset.construct(table)
torch.set_num_threads(1)
torch.manual_seed(asked["seed"])


def tell(**said):
    print(json.dumps(said), flush=True)


class Watch(Callback):
    """Ends the training in time, and names everybody's best items after each epoch."""

    def __init__(self):
        self.paused = np.zeros(2)
        self.began = self.now()

    def __deepcopy__(self, memo):  # RecTools trains with a copy of its trainer
        return self

    def now(self):
        return np.array([time.monotonic(), time.process_time()])

    def on_train_start(self, trainer, module):
        tell(prepared_s=round((self.now() - self.began)[0], 2))

    def on_train_batch_end(self, trainer, *rest):
        if (self.now() - self.began - self.paused)[0] >= asked["budget_s"]:
            trainer.should_stop = True

    def on_train_epoch_end(self, trainer, module):
        stopped = self.now()
        seconds, cpu = stopped - self.began - self.paused
        model.is_fitted = True  # else it does not recommend
        best = model.recommend(
            users=np.unique(users), dataset=dataset, k=asked["k"], filter_viewed=True
        )
        lists = np.full((int(users.max()) + 1, asked["k"]), -1, dtype=np.int32)
        lists[best[Columns.User], best[Columns.Rank] - 1] = best[Columns.Item]
        np.save(room / "lists.npy", lists)
        tell(seconds=seconds, cpu_s=cpu, steps=trainer.global_step)
        sys.stdin.readline()  # the lists were read
        module.train()
        self.paused += self.now() - stopped


watch = Watch()
model = SASRecModel(
    n_factors=64,
    n_blocks=2,
    n_heads=2,
    session_max_len=200,
    dropout_rate=0.2,
    loss="softmax",
    recommend_torch_device="cpu",
    # as RecTools makes it, but watched, on the CPU, and without an end of its own
    get_trainer_func=lambda: Trainer(
        max_epochs=-1,
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        callbacks=[watch],
    ),
)
model.fit(dataset)
tell(
    versions={name: version(name) for name in ("rectools", "torch", "pytorch-lightning", "numpy")},
    config=model.get_config(simple_types=True),
    items=len(model.data_preparator.get_known_item_ids()),
    parameters=sum(each.numel() for each in model.torch_model.parameters()),
    steps_per_epoch=model.fit_trainer.num_training_batches,
    peak_mb=int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024,
)
'''


def main() -> int:
    """Runs both parts, one after the other, and compares."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--python", type=Path, help="interpreter that has RecTools")
    parser.add_argument("--budget", type=float, default=900.0, help="training seconds of RecTools")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ml-1m"))
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--widening", type=int, default=SasrecConfig().widening)
    parser.add_argument("--precision", choices=["auto", "float32"], default="auto")
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ours:
        return ours(arguments.ours)
    python: Path | None = arguments.python
    if python is None or not has_rectools(python):
        parser.error(MISSING)
    rows = read_split(arguments.data, protocol="leave-one-out", seed=42).train
    last = rows.from_end == 0
    history, truth = rows.where(~last), rows.where(last)
    asked = {
        "budget_s": arguments.budget,
        "k": K,
        "seed": arguments.seed,
        "widening": arguments.widening,
        "precision": arguments.precision,
    }
    console = Console(width=100)
    load = os.getloadavg()[0]
    with TemporaryDirectory() as folder:
        room = Path(folder)
        (room / "settings.json").write_text(json.dumps(asked), encoding="utf-8")
        (room / "theirs.py").write_text(THEIRS, encoding="utf-8")
        events = {"indptr": history.indptr, "items": history.items, "n_items": history.n_items}
        np.savez(room / "events.npz", truth=truth.items, **events)
        command = [str(python.absolute()), str(room / "theirs.py"), folder]
        theirs = followed("RecTools", command, room, truth, console)
        command = [sys.executable, str(Path(__file__).resolve()), "--ours", folder]
        mine = followed("Zhiyin", command, room, truth, console)
    found = compared(theirs["best"], mine["curve"])
    document = {
        "data": arguments.data.name,
        "users": len(history),
        "items": history.n_items,
        "training_rows": len(history.items),
        "asked": asked,
        "threads": 1,
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load_before_and_after": [round(load, 1), round(os.getloadavg()[0], 1)],
        },
        "compared": found,
        "RecTools": theirs,
        "Zhiyin": mine,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "rectools-sasrec.json"
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    show(console, {"RecTools": theirs, "Zhiyin": mine}, found)
    return int(found["ratio"] is None or found["ratio"] > LIMIT)


def has_rectools(python: Path) -> bool:
    """Whether an interpreter exists and knows RecTools."""
    try:
        done = subprocess.run([python, "-c", "import rectools"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def followed(
    name: str, command: list[str], room: Path, truth: Histories, console: Console
) -> dict[str, Any]:
    """Runs one part, and measures the lists that it leaves after each epoch."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    facts: dict[str, Any] = {}
    curve: list[dict[str, Any]] = []
    log = room / f"{name}.log"
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **threads},
        ) as part,
    ):
        for line in part.stdout or ():
            if not line.startswith("{"):
                continue
            said: dict[str, Any] = json.loads(line)
            if "seconds" not in said:
                facts |= said
                continue
            times = {key: round(said[key], 2) for key in ("seconds", "cpu_s")}
            entry = {**times, "steps": said["steps"], **quality(np.load(room / "lists.npy"), truth)}
            curve.append(entry)
            console.print(f"{name}: {entry['seconds']:.0f} s, NDCG@10 {entry['ndcg@10']:.4f}")
            if part.stdin:
                part.stdin.write("\n")
                part.stdin.flush()
    if part.returncode or not curve or not facts:
        tail = log.read_text(encoding="utf-8")[-3000:]
        sys.exit(f"{name} ended with {part.returncode} after {len(curve)} epochs:\n{tail}")
    facts["peak_mb"] = round(facts["peak_mb"])
    best = max(curve, key=lambda entry: entry["ndcg@10"])
    return {**facts, "best": best, "curve": curve}


def quality(lists: ItemIndices, truth: Histories) -> dict[str, float]:
    """HR@10 and NDCG@10 over all users."""
    found = hits(lists, truth)
    return {
        "hr@10": round(float(hit_rate(found, K).mean()), 5),
        "ndcg@10": round(float(ndcg(found, K).mean()), 5),
    }


def compared(best: dict[str, Any], curve: list[dict[str, Any]]) -> dict[str, Any]:
    """When ours reaches the best value of RecTools, and the share of its time; None: never."""
    reached = next((entry for entry in curve if entry["ndcg@10"] >= best["ndcg@10"]), None)
    return {
        "limit": round(LIMIT, 4),
        "goal_ndcg@10": best["ndcg@10"],
        "rectools_s": best["seconds"],
        "zhiyin_s": reached and reached["seconds"],
        "ratio": reached and round(reached["seconds"] / best["seconds"], 4),
        "ratio_of_cpu_seconds": reached and round(reached["cpu_s"] / best["cpu_s"], 4),
    }


def show(console: Console, parts: dict[str, dict[str, Any]], found: dict[str, Any]) -> None:
    """Prints the table."""
    table = Table(title="SASRec, validation, one thread", title_justify="left")
    columns = ("best NDCG@10", "HR@10", "after s", "CPU s", "trained s", "s per epoch", "peak MB")
    for column in ("", *columns):
        table.add_column(column, justify="right" if column else "left")
    for name, part in parts.items():
        best, last = part["best"], part["curve"][-1]
        table.add_row(
            name,
            *(f"{best[key]:.4f}" for key in ("ndcg@10", "hr@10")),
            *(f"{best[key]:.0f}" for key in ("seconds", "cpu_s")),
            f"{last['seconds']:.0f}",
            f"{last['seconds'] / last['steps'] * part['steps_per_epoch']:.0f}",
            f"{part['peak_mb']}",
        )
    console.print(table)
    if found["ratio"] is None:
        console.print(f"ours did not reach {found['goal_ndcg@10']:.4f}")
        return
    console.print(
        f"ours reached {found['goal_ndcg@10']:.4f} after {found['zhiyin_s']:.0f} s,"
        f" RecTools after {found['rectools_s']:.0f} s: {found['ratio']:.1%} of its time,"
        f" {found['ratio_of_cpu_seconds']:.1%} in CPU seconds; the limit is {LIMIT:.1%}"
    )


def ours(room: Path) -> int:
    """Our part, in a process of its own: trains, and leaves lists eight times an epoch."""
    asked = json.loads((room / "settings.json").read_text(encoding="utf-8"))
    with np.load(room / "events.npz") as events:
        ones = np.ones(len(events["items"]), dtype=np.float32)
        history = Histories(events["indptr"], events["items"], ones, int(events["n_items"]))
        each = np.arange(len(history) + 1, dtype=np.int64)
        truth = Histories(each, events["truth"], ones[: len(history)], history.n_items)
    config = SasrecConfig(block="plain", widening=asked["widening"])
    epochs = config.loop.epochs * PIECES
    changed = {"epochs": epochs, "patience": epochs}
    changed |= {"precision": asked["precision"], "device": "cpu"}
    config = config.model_copy(update={"loop": config.loop.model_copy(update=changed)})
    seed, cpu = asked["seed"], torch.device("cpu")

    deadline = Deadline(asked["budget_s"] * LIMIT)
    cpu_began = time.process_time()
    with own_randomness(cpu, seed=seed):
        network = sasrec(config, history.n_items)
    first = behaviour_vectors(
        history,
        dim=config.dim,
        rng=np.random.default_rng([seed, 3]),
        deadline=deadline.part(START_SHARE),
    )
    with torch.no_grad():
        network.items.weight.copy_(torch.from_numpy(first))
    tell(first_vectors_s=round(deadline.spent, 2))
    task = Watched(network, history, config, seed, truth, deadline, cpu_began, room)
    outcome = train(task, config.loop, seed=seed, deadline=deadline)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    tell(
        versions={name: version(name) for name in ("zhiyin", "torch", "numpy")},
        config=config.model_dump(mode="json"),
        bfloat16_loss=lower_precision(config.loop, cpu),
        items=history.n_items,
        parameters=sum(each.numel() for each in network.parameters()),
        steps_per_epoch=len(NextItem.batches(task, 0)),
        stopped=outcome.stopped,
        peak_mb=int(status.split("VmHWM:")[1].split()[0]) / 1024,
    )
    return 0


def tell(**said: Any) -> None:  # noqa: ANN401
    """One line for the process that compares."""
    print(json.dumps(said), flush=True)


class Watched(NextItem):
    """The task as shipped, but validated on everybody; the clocks stand still meanwhile.

    What the loop takes for an epoch is an eighth of one, so that the moment when a value is
    reached is known to an eighth.
    """

    def __init__(
        self,
        network: SequenceNetwork,
        history: Histories,
        config: SasrecConfig,
        seed: int,
        truth: Histories,
        deadline: Deadline,
        cpu_began: float,
        room: Path,
    ) -> None:
        nobody = np.empty(0, dtype=np.int64)
        super().__init__(network, history, config, seed, held=nobody)
        self._truth, self._room = truth, room
        self._deadline, self._cpu_began = deadline, cpu_began
        self._steps, self._longest = 0, 0.0

    def batches(self, epoch: int) -> Sequence[Any]:
        """An eighth of an epoch's."""
        whole = super().batches(epoch // PIECES)
        size = -(-len(whole) // PIECES)
        start = epoch % PIECES * size
        return whole[start : start + size]

    def loss(self, batch: Any) -> torch.Tensor:  # noqa: ANN401
        """Counts, beside."""
        self._steps += 1
        return super().loss(batch)

    def validate(self) -> float:
        """NDCG@10 over all users; tells it with the training seconds so far."""
        seconds, cpu_s = self._deadline.spent, time.process_time() - self._cpu_began
        lists = self._lists()
        np.save(self._room / "lists.npy", lists)
        tell(seconds=seconds, cpu_s=cpu_s, steps=self._steps)
        sys.stdin.readline()  # the lists were read
        score = quality(lists, self._truth)["ndcg@10"]
        spent = self._deadline.spent - seconds
        self._deadline.started += spent
        # The loop puts time aside for a last validation, which here costs nothing.
        self._deadline.seconds += max(0.0, spent - self._longest)
        self._longest = max(spent, self._longest)
        self._cpu_began = time.process_time() - cpu_s
        return score

    def _lists(self) -> ItemIndices:
        """The ten best items of every user, without those in the training rows."""
        history, network = self._histories, self.module
        windows = last_windows(history.indptr, length=self._config.length)
        order = np.arange(history.n_items, dtype=np.int32)
        lists = np.full((len(history), K), -1, dtype=np.int32)
        for rows in in_order(windows.lengths, batch_size=256, batch_events=8192):
            batch = windows.take(rows)
            vectors = network.items(self._tensor(padded(history.items, batch)))
            last = network.last(vectors, self._tensor(batch.lengths - 1))
            scores = (last @ network.items.weight.T).numpy()
            bar(scores, history.take(rows))
            lists[rows] = top_k(scores, k=K, tie_order=order).items
        return lists


if __name__ == "__main__":
    sys.exit(main())
