"""Long trainings beside one another, each in a process and on a core of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.errors import ZhiyinError
from zhiyin.core.progress import Progress
from zhiyin.core.protocols import Arrays
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.core.rng import derive_rng
from zhiyin.neural.extra import load_neural

_TELL_S = 2.0
"""Seconds between words on progress."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One training.

    Attributes:
        model: Registered name.
        config: How.
        data: On what.
        seed: Seed of every draw.
        deadline: When it should have ended.
        start: What an earlier training learned, to go on from; None to begin.
        fresh: Where it goes on: which events are new, bool of shape (events,).
    """

    model: str
    config: Config
    data: TrainingData
    seed: int
    deadline: Deadline
    start: Arrays | None = None
    fresh: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """What came of a job.

    Attributes:
        config: As the training left it.
        state: What was learned.
        told: How the training ended, in words.
        seconds: It took.
        fault: Why there is nothing; "" where there is.
    """

    config: Config
    state: Arrays
    told: str
    seconds: float
    fault: str = ""


def work(job: Job) -> Done:
    """Does one job, here."""
    began = time.monotonic()
    try:
        model: Any = load(RETRIEVERS, job.model)(job.config)
        rng = derive_rng(job.seed, job.model)
        if job.start is None or job.fresh is None:
            model.fit(job.data, rng=rng, deadline=job.deadline)
        else:
            every = np.arange(job.data.n_items, dtype=np.int32)
            model.restore(job.start)
            model.update(job.data, known=every, fresh=job.fresh, rng=rng, deadline=job.deadline)
    except ZhiyinError as error:
        return Done(job.config, {}, "", time.monotonic() - began, error.message)
    told = getattr(model.outcome, "stopped", "")
    return Done(model.config, model.state(), told, time.monotonic() - began)


def beside(jobs: Sequence[Job], *, progress: Progress, shares: tuple[float, float]) -> list[Done]:
    """Does all jobs, as many at a time as there are cores.

    Args:
        jobs: What to do.
        progress: Told how many are at work, and for how long they may be.
        shares: Of the whole, done before and after.
    """
    if not jobs:
        return []
    deadline = max((job.deadline for job in jobs), key=lambda each: each.left)
    pools: Any = load_neural("loky:ProcessPoolExecutor")
    with pools(min(len(jobs), cores()), timeout=1) as pool:
        futures: list[Future[Done]] = [pool.submit(work, job) for job in jobs]
        waiting: set[Future[Done]] = set(futures)
        try:
            while waiting:
                names = [job.model for job, f in zip(jobs, futures, strict=True) if f in waiting]
                spent = 1.0 - deadline.left / max(deadline.seconds, 1e-9)
                share = shares[0] + (shares[1] - shares[0]) * min(1.0, spent)
                progress(f"training {', '.join(names)}: {deadline.left:.0f} s left", share)
                _, waiting = wait(waiting, timeout=_TELL_S, return_when=FIRST_COMPLETED)
        except BaseException:
            pool.shutdown(wait=False, kill_workers=True)
            raise
        return [_result(job, future) for job, future in zip(jobs, futures, strict=True)]


def _result(job: Job, future: Future[Done]) -> Done:
    """What came of a job; a process that the system ended is a fault of the job alone."""
    try:
        return future.result()
    except BrokenExecutor:
        fault = "its process was ended by the system: out of memory, most likely"
        return Done(job.config, {}, "", 0.0, fault)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
