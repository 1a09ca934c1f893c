"""Slates: made, ranked from the caller's candidates, read again, answered by feedback."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Path, Query, Response
from pydantic import Field

from zhiyin.app.http.access import Opened
from zhiyin.app.http.documented import (
    IdempotencyKey,
    IfNoneMatch,
    SomeUser,
    answers,
    new_router,
    tags_in,
)
from zhiyin.app.http.resources.events import name_events
from zhiyin.core.messages import EventsAccepted, Feedback, RankQuery, RecommendQuery
from zhiyin.core.slate import Position, Slate
from zhiyin.pipeline.answering import answered
from zhiyin.pipeline.slating.query import read_context

router = new_router("recommend")

MOST_ANSWERS = 1_000
"""Feedback of one batch."""
SHOWN = Slate(
    slate_id="5f0c1d9a6e2b4c7f8a1b2c3d4e5f6a7b",
    user_id="u-7",
    surface="home",
    positions=[
        Position(item_id="tent-1", score=1.82, propensity=1.0),
        Position(item_id="lamp-2", score=1.34, propensity=1.0),
    ],
    policy="greedy",
    arm="default",
    seed=0,
    model_version="v000003",
    created=1_790_000_000_000,
    odds="deterministic",
)
"""A slate, for documentation."""
_QUERIES: dict[str, Any] = {
    "user": {"summary": "For a known user", "value": {"user_id": "u-7", "n": 2}},
    "session": {
        "summary": "For an anonymous session",
        "value": {"session": ["tent-1", "bag-3"], "surface": "detail", "n": 2, "explain": True},
    },
    "what-if": {
        "summary": "A look, with another rule; nothing is logged",
        "value": {"user_id": "u-7", "filter": "price < 30", "explain": True, "log": False},
    },
}
_CANDIDATES: dict[str, Any] = {
    "page": {
        "summary": "Put the hits of another search into order",
        "value": {"user_id": "u-7", "items": ["lamp-2", "tent-1", "pan-4"], "log": True},
    }
}
_ANSWERS: dict[str, Any] = {
    "click": {
        "summary": "A click on the first place",
        "value": {"slate_id": SHOWN.slate_id, "item_id": "tent-1", "position": 1, "type": "click"},
    },
    "batch": {
        "summary": "Several at once, all or none",
        "value": [
            {"slate_id": SHOWN.slate_id, "item_id": "tent-1", "type": "click"},
            {"slate_id": SHOWN.slate_id, "item_id": "tent-1", "type": "purchase", "value": 129.0},
        ],
    },
}


@router.get(
    "/v1/recommend",
    summary="A slate for a user",
    responses=answers(SHOWN, 404, says="The slate; its exposure is logged."),
    response_model=Slate,
)
def recommend_by_address(
    workspace: Opened,
    user_id: SomeUser = None,
    n: Annotated[
        int | None,
        Query(ge=1, le=1000, description="How many; absent: as the surface has.", examples=[10]),
    ] = None,
    surface: Annotated[
        str,
        Query(
            min_length=1,
            max_length=100,
            pattern=r"^[^\x00]+$",
            description="Where the slate appears.",
            examples=["home"],
        ),
    ] = "home",
    seed: Annotated[int, Query(ge=0, le=2**53, description="Seed of the draw.", examples=[0])] = 0,
    explain: Annotated[
        bool,
        Query(description="Whether to add sources and evidence.", examples=[False]),
    ] = False,
    filter: Annotated[
        str,
        Query(
            max_length=10_000,
            description="Only items for which this holds.",
            examples=["price < 30"],
        ),
    ] = "",
    boost: Annotated[
        str,
        Query(max_length=10_000, description="What scores are multiplied with.", examples=["2"]),
    ] = "",
    context: Annotated[
        str,
        Query(
            max_length=10_000,
            description="The moment, as a JSON object.",
            examples=['{"device":"phone"}'],
        ),
    ] = "",
    page_of: Annotated[
        str,
        Query(
            max_length=200,
            pattern=r"^[^\x00]*$",
            description="The slate whose next page is asked for.",
            examples=[SHOWN.slate_id],
        ),
    ] = "",
    return_properties: Annotated[
        list[str] | None,
        Query(
            max_length=100,
            description="Attributes to return with each item; * for all.",
            examples=[["title"]],
        ),
    ] = None,
) -> Response:
    """As the POST of the same name, for what fits into an address."""
    slate = workspace.recommend(
        user_id,
        n=n,
        surface=surface,
        seed=seed,
        explain=explain,
        filter=filter,
        boost=boost,
        context=read_context(context),
        page_of=page_of,
        return_properties=return_properties or (),
    )
    return _answer(slate)


@router.post(
    "/v1/recommend",
    summary="A slate for a user or an anonymous session",
    responses=answers(SHOWN, 404, 413, says="The slate; its exposure is logged."),
    response_model=Slate,
)
def recommend(
    workspace: Opened, query: Annotated[RecommendQuery, Body(openapi_examples=_QUERIES)]
) -> Response:
    """Chooses items for a user, or for what a visitor has just looked at.

    Each position says with which probability it was chosen; the whole is logged under
    ``slate_id``, for feedback, further pages and later evaluation. Every event that was
    acknowledged before counts.
    """
    engine = workspace.engine()
    if query.weights:
        engine = engine.weighed(query.weights)
    return _answer(engine.recommend(query.user_id, **asked(query)))


@router.post(
    "/v1/rank",
    summary="Put the caller's candidates into order",
    responses=answers(
        SHOWN.model_copy(update={"policy": "rank"}), 413, says="All candidates, best first."
    ),
    response_model=Slate,
)
def rank(
    workspace: Opened, query: Annotated[RankQuery, Body(openapi_examples=_CANDIDATES)]
) -> Response:
    """Scores the caller's candidates for a user or a session, and leaves none of them out.

    Items that nobody has heard of come last. With ``log`` the exposure is logged, and
    feedback may name its ``slate_id``.
    """
    fields = query.model_dump(exclude={"user_id", "items"})
    return _answer(workspace.engine().rank(query.user_id, query.items, **fields))


@router.get(
    "/v1/slates/{slate_id}",
    summary="Read a slate that was shown",
    responses=answers(SHOWN, 304, 404, says="The slate as it was shown."),
    response_model=Slate,
)
def read_slate(
    workspace: Opened,
    slate_id: Annotated[
        str,
        Path(
            min_length=1,
            max_length=200,
            pattern=r"^[^\x00/]+$",
            description="The slate_id of a slate.",
            examples=[SHOWN.slate_id],
        ),
    ],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A slate with its odds, as it was logged."""
    slate = workspace.engine().slate(slate_id)
    headers = {"ETag": f'"{slate.slate_id}-{len(slate.positions)}"'}
    if headers["ETag"].strip('"') in tags_in(if_none_match):
        return Response(status_code=304, headers=headers)
    return Response(slate.model_dump_json(), media_type="application/json", headers=headers)


@router.post(
    "/v1/feedback",
    status_code=201,
    summary="Say what somebody did with a slate",
    responses=answers(
        EventsAccepted(accepted=1, duplicates=0), 404, 413, status=201, says="Stored, and durable."
    ),
)
def give_feedback(
    workspace: Opened,
    body: Annotated[
        Feedback | Annotated[list[Feedback], Field(max_length=MOST_ANSWERS)],
        Body(openapi_examples=_ANSWERS),
    ],
    idempotency_key: IdempotencyKey = None,
) -> EventsAccepted:
    """Checks the item and its place against the slate that was shown, and stores an event.

    The event's context names the slate, the place and the surface; all of a batch are stored,
    or none.
    """
    batch = body if isinstance(body, list) else [body]
    rows = answered(workspace.stores.exposures, batch)
    if idempotency_key is not None:
        name_events(rows, idempotency_key)
    stored = workspace.record(rows)
    return EventsAccepted(accepted=stored.accepted, duplicates=stored.duplicates)


def asked(query: RecommendQuery) -> dict[str, Any]:
    """The arguments of the engine: what the caller left as it is, is left out."""
    given = query.model_dump(exclude={"user_id", "weights"}, exclude_defaults=True)
    return {**given, "n": query.n}


def _answer(slate: Slate) -> Response:
    return Response(slate.model_dump_json(), media_type="application/json")
