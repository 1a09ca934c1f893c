"""The slate stage of an engine, from its model, its stores and its settings."""

from __future__ import annotations

import numpy as np

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import EntityStore, EventStore, ExposureLog, Policy
from zhiyin.pipeline.settings import Settings
from zhiyin.pipeline.slating.attributes import ItemTable
from zhiyin.pipeline.slating.likeness import Likeness
from zhiyin.pipeline.slating.memory import Memory
from zhiyin.pipeline.slating.slater import Slater
from zhiyin.pipeline.trained import Trained


def make_slater(
    trained: Trained,
    policy: Policy,
    *,
    settings: Settings,
    events: EventStore,
    entities: EntityStore,
    exposures: ExposureLog,
) -> Slater:
    """The stage that makes slates of this model's candidates."""
    serve, table = settings.serve, ItemTable(entities)
    memory = Memory(
        exposures, events, hide_seen=serve.hide_seen, history_length=serve.history_length
    )
    return Slater(
        policy,
        surfaces=settings.surfaces,
        serve=serve,
        memory=memory,
        table=table,
        entities=entities,
        likeness=Likeness(lambda: trained.vectors, table),
        popularity=trained.popularity,
    )


def liked_by_all(trained: Trained, n_items: int) -> Floats:
    """What everybody likes: a score for every item, those newer than the model last."""
    liked = np.full(n_items, -1.0, dtype=np.float32)
    liked[: len(trained.items)] = np.log1p(trained.popularity)
    return liked
