"""The loop of one workspace: trains on schedule, and watches over what serves.

Every process that serves a workspace has one; a lock lets one of them act. A training runs in
a process of its own (see `zhiyin.pipeline.jobs`); this thread only looks at clocks and counts.
"""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.errors import ArtifactError, StoreBusyError, ZhiyinError
from zhiyin.pipeline import guard, jobs
from zhiyin.pipeline.settings import seconds
from zhiyin.pipeline.traffic import Traffic
from zhiyin.pipeline.workspace import Workspace

_LOOK_S = 5.0
_TIDY_EVERY = 720
logger = logging.getLogger("zhiyin.http")


class Loop:
    """A thread that keeps a workspace fresh and sound.

    Args:
        workspace: The workspace.
        traffic: What was shown and answered.
        clock: Source of the present.
        look_s: Seconds between looks.
    """

    def __init__(
        self,
        workspace: Workspace,
        traffic: Traffic,
        *,
        clock: Clock = system_clock,
        look_s: float = _LOOK_S,
    ) -> None:
        self._workspace = workspace
        self._traffic = traffic
        self._clock = clock
        self._look_s = look_s
        self._stop = threading.Event()
        self._lock = FileLock(jobs.jobs_folder(workspace.folder) / ".loop.lock", timeout=0)
        self._looks = 0
        self._thread = threading.Thread(target=self._run, daemon=True, name="loop")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def look(self) -> str:
        """Looks once, and does what is due; returns what it did, "" for nothing."""
        return self.guard() or self.train()

    def guard(self) -> str:
        """Rolls back where the serving model is answered less."""
        settings = self._workspace.settings.loop
        if not settings.guard:
            return ""
        artifacts = self._workspace.artifacts
        report = guard.examine(artifacts, self._traffic, settings, clock=self._clock)
        if report is None or not report.broken:
            return ""
        try:
            back = guard.act(artifacts, report)
        except ArtifactError:
            return ""
        logger.warning("rolled back", extra={"fields": report.model_dump() | {"now": back}})
        return f"rolled back to {back}"

    def train(self) -> str:
        """Starts a training where one is due."""
        reason = self.due()
        if not reason:
            return ""
        settings = self._workspace.settings.loop
        try:
            job = jobs.start(self._workspace, settings.kind, reason=reason, clock=self._clock)
        except StoreBusyError:
            return ""
        logger.info("training", extra={"fields": {"job": job.id, "reason": reason}})
        return f"started {job.id}"

    def due(self) -> str:
        """Why a training is due now: "schedule", "events", or "" for not."""
        settings = self._workspace.settings.loop
        if not settings.every and not settings.after_events:
            return ""
        latest = next(iter(jobs.list_jobs(self._workspace, limit=1, clock=self._clock)), None)
        if latest is not None and latest.state in jobs.UNDER_WAY:
            return ""
        artifacts = self._workspace.artifacts
        versions = artifacts.versions()
        # A training that was refused or failed counts too: it is not repeated at once.
        seen = max(
            0 if latest is None else latest.last_seq,
            int(artifacts.manifest(versions[-1])["last_seq"]) if versions else 0,
        )
        last = self._workspace.stores.events.last_seq()
        if last <= seen:
            return ""
        if settings.after_events and last - seen >= settings.after_events:
            return "events"
        return "schedule" if settings.every and self._waited(seconds(settings.every)) else ""

    def _waited(self, pause_s: float) -> bool:
        latest = next(iter(jobs.list_jobs(self._workspace, limit=1, clock=self._clock)), None)
        since = [] if latest is None else [(self._clock() - latest.created) / 1000]
        versions = self._workspace.artifacts.versions()
        since += [self._workspace.artifacts.age_s(versions[-1])] if versions else []
        # A clock that was set back makes an age negative: such an age is no age at all.
        return min((age for age in since if age >= 0), default=pause_s) >= pause_s

    def _run(self) -> None:
        while not self._stop.wait(self._look_s):
            try:
                with self._lock:
                    self.look()
                    self._tidy()
            except Timeout:
                continue  # another process acts for this workspace
            except (ZhiyinError, OSError) as error:
                told = {"error": type(error).__name__}
                logger.warning("the loop could not look", extra={"fields": told})

    def _tidy(self) -> None:
        self._looks += 1
        if self._looks % _TIDY_EVERY == 0:
            self._traffic.forget_old()
