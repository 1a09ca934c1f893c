"""Trainings in the background: start, status, cancel, list (``zhiyin.pipeline.jobs``).

    job = start(workspace, kind="train")      # or "update"; another process does the work
    job = status(workspace, job.id)
    job = cancel(workspace, job.id)
    jobs = list_jobs(workspace)               # newest first

A job is a JSON file in the workspace's folder ``jobs/``, written by the process that trains
(see `zhiyin.pipeline.job_process`) and readable by every other one. One job runs at a time.
The process holds a lock for as long as it lives, so that a job whose process was killed is
told from one that runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Literal, Protocol

from filelock import FileLock, Timeout
from pydantic import Field, ValidationError

from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.config import Config
from zhiyin.core.errors import StoreBusyError, StoreError, StoreFullError, UnknownEntityError
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.pipeline.settings import AUTO

JobKind = Literal["train", "update"]
JobState = Literal["starting", "running", "published", "refused", "cancelled", "failed"]
UNDER_WAY: tuple[JobState, ...] = ("starting", "running")
"""States of a job that has not ended."""
_START_MS = 600_000
"""Milliseconds after which a job that never began to run counts as failed."""


class Job(Config):
    """One training: what was asked, how far it is, what became of it."""

    id: str
    """Identity; sorts by age."""
    kind: JobKind = "train"
    """"train" chooses anew; "update" teaches the serving model what came since."""
    state: JobState = "starting"
    """"refused": the evaluation gate kept the old model; see ``gate``."""
    reason: str = "asked"
    """Why it was started: asked, schedule, events."""
    recipe: str | None = None
    """The recipe; None for that of the settings."""
    budget: str | None = None
    """Bound on training time; None for that of the settings."""
    gate_on: bool = True
    """Whether the new model has to pass the evaluation gate."""
    stage: str = ""
    """What is being done."""
    share: float = Field(default=0.0, ge=0.0, le=1.0)
    """Part of the whole that is done, 0..1."""
    created: int = 0
    """When it was asked for, in milliseconds since the Unix epoch."""
    finished: int | None = None
    """When it ended, in milliseconds since the Unix epoch."""
    last_seq: int = 0
    """Number of the newest event that it learns from; 0 until it has read them."""
    version: str | None = None
    """The model that it made, published or refused."""
    message: str = ""
    """Why it failed or was refused, in a sentence."""
    gate: dict[str, Any] | None = None
    """What the evaluation gate measured."""
    peak_mb: float | None = None
    """The most memory that its processes held together, in MiB."""


class Place(Protocol):
    """What a job needs to know of a workspace."""

    @property
    def folder(self) -> Path:
        """The workspace's folder."""
        ...


def start(
    workspace: Place,
    kind: JobKind = "train",
    *,
    recipe: str | None = None,
    budget: str | None = None,
    reason: str = "asked",
    gate: bool = True,
    clock: Clock = system_clock,
) -> Job:
    """Starts a training in a process of its own, and returns at once.

    Args:
        workspace: Whose data; the process opens its folder anew.
        kind: "train" or "update".
        recipe: The recipe; None for that of the settings.
        budget: Bound on training time, such as "15m"; None for that of the settings.
        reason: Why, for the record.
        gate: Whether the new model must pass the evaluation gate to serve.
        clock: Source of the present.

    Raises:
        UnknownModelError: No such recipe.
        StoreBusyError: Another training is running here.
    """
    if recipe not in (None, AUTO):
        load(RETRIEVERS, recipe)
    folder = jobs_folder(workspace.folder)
    try:
        with FileLock(folder / ".start.lock", timeout=10):
            _refuse_second(workspace, clock)
            job = Job(
                id=_next_id(folder),
                kind=kind,
                recipe=recipe,
                budget=budget,
                reason=reason,
                gate_on=gate,
                created=clock(),
            )
            write_job(folder, job)
            _spawn(workspace.folder, job.id)
    except Timeout as error:
        raise StoreBusyError(
            f"another training is being started in {workspace.folder}", hint="try again"
        ) from error
    return job


def status(workspace: Place, job_id: str, *, clock: Clock = system_clock) -> Job:
    """A job as it stands.

    Raises:
        UnknownEntityError: There is no such job.
    """
    folder = jobs_folder(workspace.folder)
    job = read_job(folder, job_id)
    if job.state in UNDER_WAY and not _lives(folder, job, clock()):
        job = read_job(folder, job_id)  # it may have ended between the two looks
        if job.state in UNDER_WAY:
            fate = {"state": "failed", "message": "its process ended without a word"}
            job = job.model_copy(update={**fate, "finished": clock()})
            write_job(folder, job)
    return job


def cancel(workspace: Place, job_id: str, *, clock: Clock = system_clock) -> Job:
    """Asks a job to stop; it does within a second, and what serves goes on serving.

    A job that has ended stays as it is.

    Raises:
        UnknownEntityError: There is no such job.
    """
    job = status(workspace, job_id, clock=clock)
    if job.state in UNDER_WAY:
        (jobs_folder(workspace.folder) / f"{job_id}.cancel").touch()
    return job


def list_jobs(workspace: Place, *, limit: int = 100, clock: Clock = system_clock) -> list[Job]:
    """The latest jobs, newest first."""
    folder = jobs_folder(workspace.folder)
    ids = sorted((path.stem for path in folder.glob("t*.json")), reverse=True)
    return [status(workspace, job_id, clock=clock) for job_id in ids[:limit]]


def running(workspace: Place, *, clock: Clock = system_clock) -> Job | None:
    """The job that is under way, or None."""
    return next(
        (job for job in list_jobs(workspace, limit=5, clock=clock) if job.state in UNDER_WAY), None
    )


def jobs_folder(workspace: Path) -> Path:
    """Where a workspace keeps its jobs; made where absent."""
    folder = workspace / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def read_job(folder: Path, job_id: str) -> Job:
    """A job's file.

    Raises:
        UnknownEntityError: There is no such job.
    """
    if not job_id.isalnum():
        raise UnknownEntityError(f"there is no job {job_id!r}", hint="list the jobs")
    try:
        return Job.model_validate_json((folder / f"{job_id}.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UnknownEntityError(f"there is no job {job_id!r}", hint="list the jobs") from error
    except ValidationError as error:
        raise StoreError(
            f"{folder / job_id}.json cannot be read", hint="the file may be deleted"
        ) from error


def write_job(folder: Path, job: Job) -> None:
    """Replaces a job's file in one step.

    Raises:
        StoreFullError: There is no room.
    """
    draft = folder / f".{job.id}.{os.getpid()}.draft"
    try:
        draft.write_text(job.model_dump_json(indent=1), encoding="utf-8")
        os.replace(draft, folder / f"{job.id}.json")
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StoreFullError(f"{draft} cannot be written: {error}", hint="free space") from error


def alive_lock(folder: Path, job_id: str) -> FileLock:
    """What the process of a job holds for as long as it lives."""
    return FileLock(folder / f".{job_id}.alive", timeout=0)


def _refuse_second(workspace: Place, clock: Clock) -> None:
    other = running(workspace, clock=clock)
    if other is not None:
        raise StoreBusyError(
            f"the training {other.id} is running in {workspace.folder}",
            hint="wait for it to finish, or cancel it",
        )


def _lives(folder: Path, job: Job, now: int) -> bool:
    try:
        with alive_lock(folder, job.id):
            pass
    except Timeout:
        return True
    return job.state == "starting" and 0 <= now - job.created < _START_MS


def _next_id(folder: Path) -> str:
    taken = [int(p.stem[1:]) for p in folder.glob("t*.json") if p.stem[1:].isdigit()]
    return f"t{max(taken, default=0) + 1:06d}"


def _spawn(workspace: Path, job_id: str) -> None:
    """Begins the process, in a session of its own: it outlives the worker that asked."""
    command = [sys.executable, "-m", "zhiyin.pipeline.job_process", str(workspace), job_id]
    with (jobs_folder(workspace) / f"{job_id}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    threading.Thread(target=process.wait, daemon=True, name=f"job {job_id}").start()
