"""Which engine answers: the one over the published model, swapped while requests go on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from zhiyin.core.errors import ArtifactError, ZhiyinError
from zhiyin.pipeline.artifacts import ArtifactFolder
from zhiyin.pipeline.engine import Engine


class EngineFollower:
    """Follows the pointer to the published model.

    The first model is loaded by whoever asks first; a later one by one thread, while the old
    one answers. With a patience callers wait so long for it, and are then answered by the old
    one; without a patience they wait until it is there.

    Args:
        artifacts: The versions, and the pointer.
        build: Loads a version; raises ArtifactError where it is damaged.
    """

    def __init__(self, artifacts: ArtifactFolder, build: Callable[[str], Engine]) -> None:
        self._artifacts = artifacts
        self._build = build
        self._loading = threading.Lock()
        self._arrived = threading.Condition()
        self._waited_for: str | None = None
        self.patience_s: float | None = None
        self.serving: Engine | None = None
        self.refused: str | None = None

    def engine(self) -> Engine:
        """The engine over the published model.

        Raises:
            ArtifactError: Nothing was trained yet, or the model is damaged and none served
                before it.
        """
        version = self._artifacts.current()
        serving = self.serving
        if serving is not None and version in (serving.version, self.refused):
            return serving
        if serving is None or self.patience_s is None:
            return self._load(version)
        return self._later(serving, version)

    def _load(self, version: str | None) -> Engine:
        """Loads a version in this thread; of several threads one does."""
        with self._loading:
            serving = self.serving
            if serving is not None and version in (serving.version, self.refused):
                return serving
            if version is None:
                if serving is not None:
                    return serving
                raise ArtifactError(
                    f"{self._artifacts.root.parent} has no trained model",
                    hint="run `zhiyin train`",
                )
            try:
                self.serving = self._build(version)
            except ArtifactError:
                if serving is None:
                    raise
                self.refused = version
                return serving
            return self.serving

    def _later(self, serving: Engine, version: str | None) -> Engine:
        """Has a version loaded by another thread, and waits for it as long as patience goes."""
        with self._arrived:
            if self._waited_for != version:
                self._waited_for = version
                loader = threading.Thread(
                    target=self._bring, args=(version,), daemon=True, name=f"load {version}"
                )
                loader.start()
            self._arrived.wait_for(lambda: self._waited_for != version, timeout=self.patience_s)
        return self.serving or serving

    def _bring(self, version: str | None) -> None:
        try:
            with suppress(ZhiyinError):  # the store is away: a later request tries again
                self._load(version)
        finally:
            with self._arrived:
                if self._waited_for == version:
                    self._waited_for = None
                self._arrived.notify_all()
