"""Routes under ``/v1``, and health."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request

from zhiyin.core.config import Config
from zhiyin.core.slate import Slate
from zhiyin.pipeline.live import LiveEvent
from zhiyin.pipeline.workspace import Workspace

router = APIRouter()


class Health(Config):
    """Whether the service can answer."""

    status: str
    """"ok", or what is missing."""
    model_version: str | None = None
    """The artifact that serves."""


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
    n: int = 10
    """How many items, 1..1000."""
    surface: str = "home"
    """Where the slate appears."""
    session: list[str] = []
    """Items that the visitor has just looked at, oldest first."""
    exclude: list[str] = []
    """Items that must not appear."""
    seed: int = 0
    """Seed of the draw, for policies that draw."""


def _workspace(request: Request) -> Workspace:
    return request.app.state.workspace


Opened = Annotated[Workspace, Depends(_workspace)]


@router.get("/healthz", tags=["health"])
def healthz() -> Health:
    """The process is alive."""
    return Health(status="ok")


@router.get("/readyz", tags=["health"])
def readyz(workspace: Opened) -> Health:
    """A model is loaded and slates can be made."""
    return Health(status="ok", model_version=workspace.engine().version)


@router.get("/v1/recommend", tags=["recommend"])
def recommend(
    workspace: Opened,
    user_id: str | None = None,
    n: Annotated[int, Query(ge=1, le=1000)] = 10,
    surface: str = "home",
    seed: int = 0,
) -> Slate:
    """A slate for a user; its exposure is logged."""
    return workspace.recommend(user_id, n=n, surface=surface, seed=seed)


@router.post("/v1/recommend", tags=["recommend"])
def recommend_query(workspace: Opened, query: RecommendRequest) -> Slate:
    """A slate for a user or an anonymous session."""
    fields = query.model_dump(exclude={"user_id"})
    return workspace.recommend(query.user_id, **fields)


@router.post("/v1/events", tags=["events"], status_code=201)
def events(
    workspace: Opened, body: Annotated[LiveEvent | list[LiveEvent], Body()]
) -> EventsAccepted:
    """Stores one event or a batch, all or none; the next slate knows of them."""
    batch = body if isinstance(body, list) else [body]
    stored = workspace.record([event.model_dump() for event in batch])
    return EventsAccepted(accepted=stored.accepted, duplicates=stored.duplicates)
