"""The training loop: deadlines, NaN, patience, checkpoints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from zhiyin.core.clock import Deadline
from zhiyin.core.errors import ArtifactError, ConfigError, TrainingError
from zhiyin.neural.checkpoint import load_checkpoint
from zhiyin.neural.devices import own_randomness
from zhiyin.neural.dropout import Dropout
from zhiyin.neural.loop import Outcome, train
from zhiyin.neural.settings import LoopConfig


class Line:
    """Fits y = 2x + 1, with dropout so that chance matters."""

    def __init__(self, *, poison: int = 10**9, scores: Sequence[float] = ()) -> None:
        with own_randomness(torch.device("cpu"), seed=0):
            self.module: nn.Module = nn.Sequential(nn.Linear(1, 8), Dropout(0.2), nn.Linear(8, 1))
        self.x = torch.linspace(-1, 1, 64)[:, None]
        self.poison = poison
        self.scores = list(scores)
        self.calls = 0
        self.fatal = 10**9

    def batches(self, epoch: int) -> Sequence[list[int]]:
        order = np.random.default_rng(epoch).permutation(64)
        return [part.tolist() for part in np.split(order, 8)]

    def loss(self, batch: list[int]) -> Tensor:
        self.calls += 1
        if self.calls == self.fatal:
            raise KeyboardInterrupt
        x = self.x[batch]
        factor = math.nan if self.calls == self.poison else 1.0
        return factor * (self.module(x) - 2 * x - 1).square().mean()

    def samples(self, batch: list[int]) -> int:
        return len(batch)

    def validate(self) -> float | None:
        if self.scores:
            return self.scores.pop(0)
        return -float((self.module(self.x) - 2 * self.x - 1).square().mean())


def fit(
    task: Line,
    *,
    seconds: float = 60,
    checkpoint: Path | None = None,
    seed: int = 3,
    **asked: object,
) -> Outcome:
    settings = LoopConfig.model_validate({"epochs": 6, "learning_rate": 0.02} | asked)
    deadline = Deadline(seconds)
    return train(task, settings, seed=seed, deadline=deadline, checkpoint=checkpoint)


def weights(task: Line) -> list[Tensor]:
    return [each.clone() for each in task.module.state_dict().values()]


def same(a: Line, b: Line) -> bool:
    return all(torch.equal(x, y) for x, y in zip(weights(a), weights(b), strict=True))


def test_it_learns() -> None:
    task = Line()
    outcome = fit(task, epochs=30, warmup_steps=5)
    assert outcome.epochs[-1].loss < 0.2 * outcome.epochs[0].loss
    assert outcome.epochs[outcome.best].score == max(e.score or 0 for e in outcome.epochs)
    assert outcome.samples_per_second > 0
    assert not task.module.training


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_same_seed_same_bits(schedule: str) -> None:
    tasks = [Line(), Line(), Line()]
    for task, seed in zip(tasks, (1, 1, 2), strict=True):
        fit(task, seed=seed, schedule=schedule)
    assert same(tasks[0], tasks[1])
    assert not same(tasks[0], tasks[2])


def test_best_epoch_is_kept() -> None:
    task = Line(scores=[0.1, 0.5, 0.4, 0.3, 0.2, 0.1])
    outcome = fit(task)
    path = Line()
    states: list[list[Tensor]] = []
    path.validate = lambda: states.append(weights(path)) or float(len(states))
    fit(path)
    kept = zip(weights(task), states[1], strict=True)
    assert all(torch.equal(a, b) for a, b in kept), "the weights of epoch 2 came back"
    assert outcome.best == 1
    assert outcome.stopped == "all 6 epochs are done"


def test_patience_ends_it() -> None:
    outcome = fit(Line(scores=[0.5, 0.4, 0.3, 0.2]), patience=2)
    assert (len(outcome.epochs), outcome.best) == (3, 0)
    assert outcome.stopped == "no better validation in 2 epochs"


def test_spent_deadline_leaves_the_first_weights() -> None:
    task = Line()
    before = weights(task)
    outcome = fit(task, seconds=0)
    assert outcome.best == -1
    assert "time was spent" in outcome.stopped
    assert all(torch.equal(a, b) for a, b in zip(before, weights(task), strict=True))


def test_deadline_is_honoured_and_the_rate_still_falls() -> None:
    task = Line()
    outcome = fit(task, seconds=0.5, epochs=100_000, patience=100_000)
    assert "time was spent" in outcome.stopped
    assert 0 <= outcome.best < len(outcome.epochs)


def test_nan_keeps_the_last_good_weights() -> None:
    good = Line()
    fit(good, epochs=2, schedule="constant")
    task = Line(poison=8 * 2 + 3)
    outcome = fit(task, schedule="constant")
    assert outcome.stopped.startswith("the loss became nan in step 19, at learning rate")
    assert outcome.stopped.endswith("the weights of epoch 2 were kept")
    assert same(task, good)


def test_nan_at_once_is_an_error() -> None:
    with pytest.raises(TrainingError, match=r"became nan in step 3.*smaller learning_rate"):
        fit(Line(poison=3))


def test_interrupted_training_ends_with_the_same_bits(tmp_path: Path) -> None:
    straight = Line()
    fit(straight)
    path = tmp_path / "run" / "checkpoint.npz"
    broken = Line()
    broken.fatal = 8 * 3 + 4
    with pytest.raises(KeyboardInterrupt):
        fit(broken, checkpoint=path)
    again = Line()
    outcome = fit(again, checkpoint=path)
    assert again.calls == 8 * 3, "the first three epochs were not trained again"
    assert len(outcome.epochs) == 6
    assert same(again, straight)
    finished = Line()
    assert fit(finished, checkpoint=path).stopped == "all 6 epochs are done"
    assert same(finished, straight)
    assert finished.calls == 0


def test_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    fit(Line(), checkpoint=path)
    with pytest.raises(ArtifactError, match="other seed"):
        fit(Line(), checkpoint=path, seed=4)
    with pytest.raises(ArtifactError, match="other settings"):
        fit(Line(), checkpoint=path, clip=2.0)


@pytest.mark.parametrize("keep", [0, 100, -10])
def test_damaged_checkpoint_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "checkpoint.npz"
    fit(Line(), checkpoint=path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ArtifactError, match="no checkpoint"):
        load_checkpoint(path)


def test_nothing_to_learn_from() -> None:
    task = Line()
    task.batches = lambda _epoch: []
    assert fit(task).stopped == "there is nothing to learn from"


def test_chance_and_threads_of_others_stay() -> None:
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    before = torch.get_num_threads()
    fit(Line(), threads=2)
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == before


def test_unknown_device_is_named() -> None:
    with pytest.raises(ConfigError, match="'abacus' cannot be used"):
        fit(Line(), device="abacus")


def test_dropout_keeps_the_mean() -> None:
    with own_randomness(torch.device("cpu"), seed=1):
        found = Dropout(0.25)(torch.ones(1000, 101))
    assert float((found == 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    assert float(found.mean()) == pytest.approx(1.0, abs=0.01)
    off = Dropout(0.25).eval()
    assert torch.equal(off(found), found)
    assert torch.equal(Dropout(0.0)(found), found)
