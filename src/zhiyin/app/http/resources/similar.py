"""Neighbours of items and of people."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from zhiyin.app.http.access import Opened
from zhiyin.app.http.documented import ItemId, Length, UserId, answers, new_router
from zhiyin.core.messages import Neighbour
from zhiyin.pipeline.search.alike import By, Likeness

router = new_router("similar")


@router.get(
    "/v1/similar/items/{item_id:path}",
    summary="The items most like one",
    responses=answers(
        [
            {"id": "lamp-2", "score": 0.61, "by": "behaviour"},
            {"id": "bag-3", "score": 0.44, "by": "behaviour"},
        ],
        404,
        says="Neighbours, nearest first.",
    ),
)
def similar_items(
    workspace: Opened,
    item_id: ItemId,
    n: Length = 10,
    by: Annotated[
        By, Query(description="What makes items alike.", examples=["behaviour"])
    ] = "behaviour",
    likeness: Annotated[
        Likeness, Query(description="How meanings are compared.", examples=["cosine"])
    ] = "cosine",
    category: Annotated[
        str,
        Query(max_length=1000, description="Only items of this category.", examples=["outdoor"]),
    ] = "",
    other_categories: Annotated[
        bool,
        Query(description="Only items that share no category with it.", examples=[False]),
    ] = False,
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


@router.get(
    "/v1/similar/users/{user_id:path}",
    summary="The people most like one",
    responses=answers(
        [{"id": "u-31", "score": 0.72, "by": "behaviour"}], 404, says="Neighbours, nearest first."
    ),
)
def similar_users(workspace: Opened, user_id: UserId, n: Length = 10) -> list[Neighbour]:
    """The people whose behaviour is most like one's."""
    return workspace.engine().similar_users(user_id, n=n)
