"""Routes of the catalogue: search, similar items, and items that come live."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import Field

from zhiyin.app.http.access import Opened
from zhiyin.core.config import Config
from zhiyin.pipeline.items import LiveItem
from zhiyin.pipeline.likeness import Neighbour
from zhiyin.pipeline.search.alike import By, Likeness
from zhiyin.pipeline.search.results import SearchResult

router = APIRouter()

_LONGEST_QUERY = 100_000
_MOST_ITEMS = 10_000


class SearchRequest(Config):
    """A search."""

    text: str = Field(max_length=_LONGEST_QUERY)
    """What is searched for; of a very long text the beginning is read."""
    n: int = Field(default=10, ge=1, le=1000)
    """How many items."""
    user_id: str | None = None
    """For whom: once a model is trained, taste decides between near equals."""
    explain: bool = False
    """Whether to say which sentence and which words matched."""


class ItemsAccepted(Config):
    """What became of a batch of items."""

    accepted: int
    """Items stored now, new or replaced."""


Length = Annotated[int, Query(ge=1, le=1000)]


@router.get("/v1/search", tags=["search"])
def search(
    workspace: Opened,
    text: Annotated[str, Query(max_length=_LONGEST_QUERY)],
    n: Length = 10,
    user_id: str | None = None,
    explain: bool = False,
) -> SearchResult:
    """The items that answer a query. It is no event: send one to ``/v1/events`` to keep it."""
    return workspace.search(text, n=n, user_id=user_id, explain=explain)


@router.post("/v1/search", tags=["search"])
def search_query(workspace: Opened, query: SearchRequest) -> SearchResult:
    """The items that answer a query, for texts too long for an address."""
    return workspace.search(query.text, n=query.n, user_id=query.user_id, explain=query.explain)


@router.get("/v1/similar/items/{item_id}", tags=["similar"])
def similar_items(
    workspace: Opened,
    item_id: str,
    n: Length = 10,
    by: By = "behaviour",
    likeness: Likeness = "cosine",
    category: str = "",
    other_categories: bool = False,
) -> list[Neighbour]:
    """The items most like one, by behaviour, by meaning or by both.

    An item without behaviour has neighbours by meaning; each neighbour says what tells.
    """
    return workspace.similar(
        item_id,
        n=n,
        by=by,
        likeness=likeness,
        category=category,
        other_categories=other_categories,
    )


@router.post("/v1/items", tags=["items"], status_code=201)
def items(
    workspace: Opened,
    body: Annotated[LiveItem | Annotated[list[LiveItem], Field(max_length=_MOST_ITEMS)], Body()],
) -> ItemsAccepted:
    """Adds or replaces one item or a batch, all or none; the next request knows of them."""
    batch = body if isinstance(body, list) else [body]
    stored = workspace.upsert_items([item.model_dump(exclude_none=True) for item in batch])
    return ItemsAccepted(accepted=len(stored))
