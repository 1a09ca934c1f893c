"""Routes under ``/v1``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import Field

from zhiyin.app.http.access import Opened
from zhiyin.core.config import Config
from zhiyin.core.slate import Slate
from zhiyin.pipeline.likeness import Neighbour
from zhiyin.pipeline.live import LiveEvent

router = APIRouter()


class EventsAccepted(Config):
    """What became of a batch of events."""

    accepted: int
    """Events stored now."""
    duplicates: int
    """Events that were there already."""


class RecommendRequest(Config):
    """A query for a slate."""

    user_id: str | None = None
    """For whom; absent for an anonymous session."""
    n: int = Field(default=10, ge=1, le=1000)
    """How many items."""
    surface: str = "home"
    """Where the slate appears."""
    session: list[str] = Field(default_factory=list[str])
    """Items that the visitor has just looked at, oldest first."""
    exclude: list[str] = Field(default_factory=list[str])
    """Items that must not appear."""
    seed: int = 0
    """Seed of the draw, for policies that draw."""
    explain: bool = False
    """Whether to add sources and evidence to each position."""


Length = Annotated[int, Query(ge=1, le=1000)]


@router.get("/v1/recommend", tags=["recommend"])
def recommend(
    workspace: Opened,
    user_id: str | None = None,
    n: Length = 10,
    surface: str = "home",
    seed: int = 0,
    explain: bool = False,
) -> Slate:
    """A slate for a user; its exposure is logged."""
    return workspace.recommend(user_id, n=n, surface=surface, seed=seed, explain=explain)


@router.post("/v1/recommend", tags=["recommend"])
def recommend_query(workspace: Opened, query: RecommendRequest) -> Slate:
    """A slate for a user or an anonymous session."""
    fields = query.model_dump(exclude={"user_id"})
    return workspace.recommend(query.user_id, **fields)


@router.get("/v1/similar/users/{user_id}", tags=["similar"])
def similar_users(workspace: Opened, user_id: str, n: Length = 10) -> list[Neighbour]:
    """The people most like one, by behaviour."""
    return workspace.engine().similar_users(user_id, n=n)


@router.post("/v1/events", tags=["events"], status_code=201)
def events(
    workspace: Opened, body: Annotated[LiveEvent | list[LiveEvent], Body()]
) -> EventsAccepted:
    """Stores one event or a batch, all or none; the next slate knows of them."""
    batch = body if isinstance(body, list) else [body]
    stored = workspace.record([event.model_dump() for event in batch])
    return EventsAccepted(accepted=stored.accepted, duplicates=stored.duplicates)
