"""The process of one background training: ``python -m zhiyin.pipeline.job_process FOLDER JOB``.

A thread watches over it: when the training is cancelled, or its processes together hold more
memory than allowed, all of them are killed, and the job's file says why. Whatever happens here,
the model that serves goes on serving.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from zhiyin.core.clock import system_clock
from zhiyin.core.errors import NotEnoughDataError, ZhiyinError
from zhiyin.pipeline.gate import Trial, Verdict, hold_back, judge, whole
from zhiyin.pipeline.jobs import Job, alive_lock, jobs_folder, read_job, write_job
from zhiyin.pipeline.settings import seconds
from zhiyin.pipeline.train import train
from zhiyin.pipeline.trained import Trained
from zhiyin.pipeline.update import update
from zhiyin.pipeline.wiring import open_workspace
from zhiyin.pipeline.workspace import Workspace

_LOOK_S = 0.2
_TELL_S = 0.5
_MIB = 2**20


class JobRecord:
    """The job's file, as its own process writes it.

    Args:
        folder: The folder of jobs.
        job_id: Which.
    """

    def __init__(self, folder: Path, job_id: str) -> None:
        self.folder = folder
        self.job = read_job(folder, job_id)
        self._lock = threading.Lock()
        self._told = 0.0

    def change(self, **fields: Any) -> Job:  # noqa: ANN401 - fields of Job
        """Writes some fields."""
        with self._lock:
            self.job = self.job.model_copy(update=fields)
            write_job(self.folder, self.job)
        return self.job

    def progress(self, stage: str, share: float) -> None:
        """Tells how far it is, at most twice a second."""
        now = time.monotonic()
        if now - self._told > _TELL_S or share >= 1.0:
            self._told = now
            self.change(stage=stage, share=min(1.0, max(0.0, share)))

    def end(self, state: str, *, message: str = "", **fields: Any) -> Job:  # noqa: ANN401
        """Writes how it ended."""
        now = system_clock()
        return self.change(state=state, message=message, finished=now, **fields)

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked it to stop."""
        return (self.folder / f"{self.job.id}.cancel").exists()


class Watch:
    """Kills the training, children and all, where it must not go on.

    Args:
        record: The job.
        memory_mb: MiB that its processes may hold together; 0: no limit.
    """

    def __init__(self, record: JobRecord, *, memory_mb: float) -> None:
        self._record = record
        self._most = memory_mb
        self._done = threading.Event()
        self.peak_mb = 0.0
        self._thread = threading.Thread(target=self._look, daemon=True, name="watch")
        self._thread.start()

    def end(self) -> float:
        """Stops watching; returns the most memory seen, in MiB."""
        self._done.set()
        self._thread.join()
        self.peak_mb = max(self.peak_mb, session_rss_mb(os.getsid(0)))
        return round(self.peak_mb, 1)

    def _look(self) -> None:
        while not self._done.wait(_LOOK_S):
            self.peak_mb = max(self.peak_mb, session_rss_mb(os.getsid(0)))
            if self._record.cancelled:
                self._kill("cancelled", "cancelled")
            elif self._most and self.peak_mb > self._most:
                told = f"it held {self.peak_mb:.0f} MiB, and {self._most:g} were allowed"
                self._kill("failed", f"{told} ([loop] memory_mb)")

    def _kill(self, state: str, message: str) -> None:
        with contextlib.suppress(ZhiyinError):  # a full disk does not keep it alive
            self._record.end(state, message=message, peak_mb=round(self.peak_mb, 1))
        own = os.getpid()
        for pid in session_pids(os.getsid(0)):
            if pid != own:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        os.kill(own, signal.SIGKILL)


def session_pids(session: int) -> list[int]:
    """The processes of a session; only this one where there is no /proc."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = entry.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == session:
                found.append(int(entry.parent.name))
    return found or [os.getpid()]


def session_rss_mb(session: int) -> float:
    """MiB of memory that the processes of a session hold."""
    pages = 0
    for pid in session_pids(session):
        with contextlib.suppress(OSError, ValueError, IndexError):
            pages += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


def run_job(workspace: Workspace, record: JobRecord) -> Job:
    """Trains, judges, and publishes or refuses."""
    job, settings = record.job, workspace.settings
    with workspace.publishing() as (dataset, publish):
        record.change(last_seq=dataset.last_seq)
        version = workspace.artifacts.current()
        serving = workspace.engine().trained if version is not None else None
        trial = (
            hold_back(
                dataset, serving, most_users=settings.loop.gate_users, seed=settings.train.seed
            )
            if job.gate_on
            else None
        )
        new, trial = _learn(workspace, record, dataset, serving, trial)
        verdict: Verdict | None = None
        if trial is not None and serving is not None and version is not None:
            record.progress("comparing with the model that serves", 0.97)
            verdict = judge(
                trial,
                new,
                serving,
                version=version,
                tolerance=settings.loop.tolerance,
                seed=settings.train.seed,
            )
            new = whole(new, dataset)
        measured = None if verdict is None else verdict.model_dump()
        new.report["gate"] = measured
        if verdict is not None and not verdict.passed:
            made = publish(new, serve=False, refusal=verdict.told)
            told = f"{verdict.told}; {version} goes on serving"
            return record.end("refused", message=told, version=made, gate=measured)
        made = publish(new)
        workspace.artifacts.prune(settings.loop.keep)
        return record.end("published", version=made, gate=measured, share=1.0)


def _learn(
    workspace: Workspace,
    record: JobRecord,
    dataset: Any,  # noqa: ANN401 - a Dataset
    serving: Trained | None,
    trial: Trial | None,
) -> tuple[Trained, Trial | None]:
    """A new model, and what it can be asked; nothing where all that is new must be learned."""
    job, settings = record.job, workspace.settings.train
    budget_s = seconds(job.budget or settings.budget)
    if job.kind == "update" and serving is not None:
        for asked in (trial, None):
            try:
                taught = update(
                    serving,
                    dataset if asked is None else asked.known,
                    budget_s=budget_s,
                    seed=settings.seed,
                    encoder=workspace.encoder(),
                    progress=record.progress,
                )
                return taught, asked
            except NotEnoughDataError:
                if asked is None:
                    raise
    trained = train(
        dataset if trial is None else trial.known,
        recipe=job.recipe or settings.recipe,
        budget_s=budget_s,
        seed=settings.seed,
        encoder=workspace.encoder,
        unfinished=workspace.folder / "models" / ".unfinished",
        ranker=workspace.settings.ranker,
        progress=record.progress,
    )
    return trained, trial


def main(arguments: list[str]) -> int:
    """Runs one job; every failure becomes a state that says why."""
    folder, job_id = Path(arguments[0]), arguments[1]
    record = JobRecord(jobs_folder(folder), job_id)
    with alive_lock(record.folder, job_id), contextlib.suppress(OSError):
        # When memory runs out, the system should end this process, not one that serves.
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")
        record.change(state="running", stage="reading the store")
        with open_workspace(folder) as workspace:
            watch = Watch(record, memory_mb=workspace.settings.loop.memory_mb)
            try:
                run_job(workspace, record)
            except ZhiyinError as error:
                record.end("failed", message=str(error))
            except MemoryError:
                record.end("failed", message="out of memory")
            except Exception as error:
                sys.excepthook(type(error), error, error.__traceback__)
                record.end("failed", message=f"{type(error).__name__}: see {job_id}.log")
            record.change(peak_mb=watch.end())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
