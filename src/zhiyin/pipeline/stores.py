"""Where a workspace's data live."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from zhiyin.core.protocols import (
    EdgeStore,
    EnrichmentStore,
    EntityKind,
    EntityStore,
    EventStore,
    ExposureLog,
    OnlineState,
    ProfileStore,
)


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the engine reads and writes."""

    events: EventStore
    entities: EntityStore
    exposures: ExposureLog
    edges: EdgeStore | None = None
    profiles: ProfileStore | None = None
    enrichments: EnrichmentStore | None = None
    transaction: Callable[[int], AbstractContextManager[None]] = lambda rows: nullcontext()
    """Makes one transaction of what this thread stores; takes about how many rows will come."""
    close: Callable[[], None] = lambda: None
    erase: Callable[[EntityKind, str], Mapping[str, int]] | None = None
    """Erases a user or an item from everything; how many rows went, by table."""
    online: OnlineState | None = None
    """What all processes of a service agree on at once; None where there is one."""
