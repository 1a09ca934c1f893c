"""The training loop of every neural model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from zhiyin.core.clock import Deadline
from zhiyin.core.errors import ArtifactError, TrainingError
from zhiyin.core.progress import Progress, silent
from zhiyin.neural.checkpoint import Weights, copied, load_checkpoint, save_checkpoint
from zhiyin.neural.devices import autocast, choose_device, lower_precision, own_randomness
from zhiyin.neural.optimizer import Optimizer
from zhiyin.neural.settings import LoopConfig

Batch = TypeVar("Batch")
_PACE_STEPS = 20
"""Steps after which the pace tells whether the deadline will cut the schedule short."""
_CHECK_GPU = 20
"""A GPU is asked for its loss every so many steps only: asking waits for it."""


class Task(Protocol[Batch]):
    """What is trained, on what, towards what."""

    @property
    def module(self) -> nn.Module:
        """The network."""
        ...

    def batches(self, epoch: int) -> Sequence[Batch]:
        """The batches of an epoch: the same at every call with the same number."""
        ...

    def loss(self, batch: Batch) -> Tensor:
        """A scalar to minimise; random draws come from torch's generator."""
        ...

    def samples(self, batch: Batch) -> int:
        """How many examples a batch holds, for the throughput."""
        ...

    def validate(self) -> float | None:
        """How good the module is now, higher is better; None where nothing is held out."""
        ...


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch did.

    Attributes:
        loss: Mean over its steps.
        score: The validation's, or None.
        steps: Steps taken in it.
        samples: Examples seen in it.
        seconds: Of its steps, validation not included.
    """

    loss: float
    score: float | None
    steps: int
    samples: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training went.

    Attributes:
        stopped: Why it ended, in words.
        epochs: One entry per epoch, the last perhaps cut short.
        best: Which epoch's weights were kept (from 0), or -1 for the first weights.
    """

    stopped: str
    epochs: tuple[Epoch, ...] = ()
    best: int = -1

    @property
    def samples_per_second(self) -> float:
        """Examples per second of training steps."""
        seconds = sum(each.seconds for each in self.epochs)
        return sum(each.samples for each in self.epochs) / seconds if seconds else 0.0


@dataclass
class _Run:
    """A training under way."""

    module: nn.Module
    optimizer: Optimizer
    settings: LoopConfig
    deadline: Deadline
    step: int = 0
    planned: int = 1
    ran: float = 0.0
    ran_steps: int = 0
    hurried: tuple[float, float] | None = None
    best: Weights = field(default_factory=dict[str, Tensor])
    best_epoch: int = -1
    best_score: float = -math.inf
    reserve: float = 0.0
    epochs: list[Epoch] = field(default_factory=list[Epoch])

    @property
    def left(self) -> float:
        """Seconds for steps, a last validation put aside."""
        return self.deadline.left - self.reserve

    def share(self) -> float:
        """What the next step takes of the full step sizes, 0..1.

        The cosine runs over the planned steps. Once the pace shows that the deadline comes
        first, it runs over the remaining time instead, so that it still ends at 0.
        """
        settings = self.settings
        warm = min(1.0, (self.step + 1) / settings.warmup_steps) if settings.warmup_steps else 1.0
        if settings.schedule == "constant":
            return warm
        if self.hurried is None and self.ran_steps >= _PACE_STEPS:
            pace = self.ran / self.ran_steps
            if (self.planned - self.step) * pace > self.left:
                self.hurried = (self.step / self.planned, max(self.left, 1e-3))
        share = self.step / self.planned
        if self.hurried is not None:
            start, seconds = self.hurried
            share = start + (1.0 - start) * (1.0 - max(0.0, self.left) / seconds)
        return warm * 0.5 * (1.0 + math.cos(math.pi * min(1.0, share)))


def train(
    task: Task[Batch],
    settings: LoopConfig,
    *,
    seed: int,
    deadline: Deadline,
    checkpoint: Path | None = None,
    progress: Progress = silent,
) -> Outcome:
    """Trains a module; it is left on its device with the best weights that were met.

    Everything random is drawn anew for each epoch from the seed and the epoch's number, so
    that a training which was interrupted and goes on from its checkpoint ends with the same
    bits as one that was not (on the same device, within the deadline).

    Args:
        task: What is trained. Its module is moved to the device.
        settings: Hyperparameters.
        seed: Of the batches' order and of dropout.
        deadline: Training ends in time for a last validation.
        checkpoint: File that is written after every epoch and read at the start. None: no file.
        progress: Told the epoch, its loss and its validation.

    Raises:
        TrainingError: The loss became NaN or infinite before any epoch was done.
        ArtifactError: The checkpoint is damaged, or of another training.
        ConfigError: The device does not exist.
    """
    device = choose_device(settings)
    task.module.to(device)
    optimizer = Optimizer(task.module, settings, device)
    run = _Run(task.module, optimizer, settings, deadline)
    if checkpoint is not None and checkpoint.exists():
        _resume(run, checkpoint, seed)
    stopped = _run_epochs(task, run, device, seed, checkpoint, progress)
    if run.best:
        task.module.load_state_dict(run.best)
    task.module.eval()
    return Outcome(stopped, tuple(run.epochs), run.best_epoch)


def _run_epochs(
    task: Task[Batch],
    run: _Run,
    device: torch.device,
    seed: int,
    checkpoint: Path | None,
    progress: Progress,
) -> str:
    """Trains until something says stop; returns what."""
    settings = run.settings
    for number in range(len(run.epochs), settings.epochs):
        if _stale(run):
            break
        if run.left <= 0:
            return f"the time was spent after {number} epochs"
        chance = _epoch_seed(seed, number)
        with own_randomness(device, seed=chance, threads=settings.threads):
            batches = task.batches(number)
            if not batches:
                return "there is nothing to learn from"
            run.planned = settings.epochs * len(batches)
            epoch, fault = _one_epoch(task, run, batches, device)
            if fault:
                return _after_fault(run, fault)
            _judge(task, run, epoch)
        last = run.epochs[-1]
        said = "" if last.score is None else f", validation {last.score:.4f}"
        progress(f"epoch {number + 1}: loss {last.loss:.3f}{said}", _share(run))
        if epoch.steps < len(batches):
            return f"the time was spent in epoch {number + 1}"
        if checkpoint is not None:
            _save(run, checkpoint, seed)
    if _stale(run):
        return f"no better validation in {settings.patience} epochs"
    return f"all {settings.epochs} epochs are done"


def _one_epoch(
    task: Task[Batch], run: _Run, batches: Sequence[Batch], device: torch.device
) -> tuple[Epoch, str]:
    """Steps over the batches while there is time; the second value says what went wrong."""
    lower = lower_precision(run.settings, device)
    clock = Deadline(math.inf)
    total = torch.zeros((), device=device)
    steps = samples = 0
    task.module.train()
    for batch in batches:
        if run.left <= 0:
            break
        began = clock.spent
        task.module.zero_grad(set_to_none=True)
        with autocast(device, lower=lower):
            loss = task.loss(batch)
            loss.backward()  # pyright: ignore[reportUnknownMemberType]
        norm = nn.utils.clip_grad_norm_(task.module.parameters(), run.settings.clip)
        # A loss that is not finite makes the weights so: the step is not taken.
        if (device.type == "cpu" or run.step % _CHECK_GPU == 0) and not _finite(loss, norm):
            return Epoch(math.nan, None, steps, samples, clock.spent), _fault(run, loss, norm)
        run.optimizer.step(run.share())
        total += loss.detach()
        steps, samples = steps + 1, samples + task.samples(batch)
        run.step, run.ran_steps = run.step + 1, run.ran_steps + 1
        run.ran += clock.spent - began
    mean = float(total) / max(1, steps)
    epoch = Epoch(mean, None, steps, samples, clock.spent)
    return epoch, "" if math.isfinite(mean) else _fault(run, total, total)


def _judge(task: Task[Batch], run: _Run, epoch: Epoch) -> None:
    """Validates, and keeps the weights if they are the best; without validation, the last."""
    clock = Deadline(math.inf)
    task.module.eval()
    with torch.no_grad():
        score = task.validate() if epoch.steps else None
    run.reserve = max(run.reserve, clock.spent)
    run.epochs.append(Epoch(epoch.loss, score, epoch.steps, epoch.samples, epoch.seconds))
    if epoch.steps and (score is None or score > run.best_score):
        run.best_score = -math.inf if score is None else score
        run.best, run.best_epoch = copied(run.module.state_dict()), len(run.epochs) - 1


def _stale(run: _Run) -> bool:
    return len(run.epochs) - 1 - run.best_epoch >= run.settings.patience


def _share(run: _Run) -> float:
    of_time = run.deadline.spent / run.deadline.seconds if run.deadline.seconds else 1.0
    return min(1.0, max(len(run.epochs) / run.settings.epochs, of_time))


def _finite(*values: Tensor) -> bool:
    return all(bool(torch.isfinite(value).all()) for value in values)


def _fault(run: _Run, loss: Tensor, norm: Tensor) -> str:
    what = "the loss" if not _finite(loss) else "the gradient"
    value = float((loss if not _finite(loss) else norm).detach())
    rate = run.settings.learning_rate * run.share()
    return f"{what} became {value} in step {run.step + 1}, at learning rate {rate:.2g}"


def _after_fault(run: _Run, fault: str) -> str:
    if not run.best:
        raise TrainingError(
            f"{fault}, before any epoch was done",
            hint="a smaller learning_rate or clip, a longer warm-up, or precision = float32",
        )
    return f"{fault}; the weights of epoch {run.best_epoch + 1} were kept"


def _epoch_seed(seed: int, epoch: int) -> int:
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])


def _facts(run: _Run, seed: int) -> dict[str, Any]:
    asked = run.settings.model_dump(exclude={"device", "threads"})
    shapes = {name: list(each.shape) for name, each in run.module.state_dict().items()}
    return {"settings": asked, "seed": seed, "shapes": shapes}


def _save(run: _Run, path: Path, seed: int) -> None:
    facts = _facts(run, seed) | {
        "step": run.step,
        "best_epoch": run.best_epoch,
        "best_score": run.best_score if math.isfinite(run.best_score) else None,
        "epochs": [asdict(epoch) for epoch in run.epochs],
    }
    groups = {"now": run.module.state_dict(), "best": run.best, "moments": run.optimizer.state()}
    save_checkpoint(path, groups, facts)


def _resume(run: _Run, path: Path, seed: int) -> None:
    groups, facts = load_checkpoint(path)
    for name, value in _facts(run, seed).items():
        if facts.get(name) != value:
            raise ArtifactError(
                f"{path} is the checkpoint of a training with other {name}",
                hint="delete it to start anew",
            )
    run.module.load_state_dict(groups["now"])
    run.optimizer.restore(groups.get("moments", {}))
    device = next(iter(run.module.state_dict().values())).device
    run.best = {name: each.to(device) for name, each in groups["best"].items()}
    run.step, run.best_epoch = facts["step"], facts["best_epoch"]
    run.best_score = -math.inf if facts["best_score"] is None else facts["best_score"]
    run.epochs = [Epoch(**epoch) for epoch in facts["epochs"]]
