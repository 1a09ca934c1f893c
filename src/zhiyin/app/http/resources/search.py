"""Search: the catalogue by meaning and by words."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Query

from zhiyin.app.http.access import Opened
from zhiyin.app.http.documented import Length, SomeUser, answers, new_router
from zhiyin.core.messages import LONGEST_QUERY, SearchHit, SearchQuery, SearchResult

router = new_router("search")

_FOUND = SearchResult(
    query="something dry for the night",
    user_id="u-7",
    language="en",
    hits=[SearchHit(item_id="tent-1", title="Two-person tent", score=0.58, meaning=0.58)],
    encoder="use-multilingual",
)
_QUERIES: dict[str, Any] = {
    "personal": {
        "summary": "With the taste of a user, and why",
        "value": {
            "text": "something dry for the night",
            "n": 5,
            "user_id": "u-7",
            "explain": True,
        },
    }
}


@router.get(
    "/v1/search",
    summary="The items that answer a query",
    responses=answers(_FOUND, says="Hits, best first."),
)
def search_by_address(
    workspace: Opened,
    text: Annotated[
        str,
        Query(
            max_length=LONGEST_QUERY,
            description="What is searched for.",
            examples=["something dry for the night"],
        ),
    ],
    n: Length = 10,
    user_id: SomeUser = None,
    explain: Annotated[
        bool, Query(description="Whether to say what matched.", examples=[False])
    ] = False,
    understand: Annotated[
        bool, Query(description="Whether to read filters out of the query.", examples=[False])
    ] = False,
) -> SearchResult:
    """As the POST of the same name, for what fits into an address."""
    return workspace.search(text, n=n, user_id=user_id, explain=explain, understand=understand)


@router.post(
    "/v1/search",
    summary="The items that answer a query, of any length",
    responses=answers(_FOUND, 413, says="Hits, best first."),
)
def search(
    workspace: Opened, query: Annotated[SearchQuery, Body(openapi_examples=_QUERIES)]
) -> SearchResult:
    """The items that answer a query, by meaning and by words; works before any training.

    A search is no event: send one to ``/v1/events`` to have it count for its user.
    """
    fields = query.model_dump(exclude={"text"})
    return workspace.search(query.text, **fields)
