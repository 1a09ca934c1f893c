"""A workspace whose slates and answers are counted, for the metrics and the guard."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zhiyin.core.clock import Clock, system_clock
from zhiyin.pipeline.traffic import CountedEvents, CountedExposures, Traffic
from zhiyin.pipeline.workspace import Workspace

_POPULAR = 0.1


def watch(workspace: Workspace, *, clock: Clock = system_clock) -> Traffic:
    """Counts from now on what this process shows and what is answered here."""
    traffic = Traffic(workspace.folder, clock=clock)
    stores = workspace.stores
    exposures = CountedExposures(stores.exposures, traffic, PopularItems(workspace))
    events = CountedEvents(stores.events, stores.exposures, traffic, workspace.settings.events)
    workspace.stores = replace(stores, events=events, exposures=exposures)  # type: ignore[arg-type]
    return traffic


class PopularItems:
    """The tenth of the trained items that most users liked; follows the serving model."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._version = ""
        self._items: frozenset[str] = frozenset()

    def __call__(self) -> frozenset[str]:
        """The ids."""
        engine = self._workspace.following.serving
        if engine is not None and engine.version != self._version:
            counts = engine.trained.popularity
            most = int(np.ceil(_POPULAR * len(counts)))
            ids = engine.trained.items.ids
            order: list[int] = np.argsort(-counts, kind="stable")[:most].tolist()
            self._items = frozenset(ids[i] for i in order)
            self._version = engine.version
        return self._items
