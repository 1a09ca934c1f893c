"""Questions that need both the catalogue and what was learned from behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from zhiyin.core.errors import ArtifactError, UnknownEntityError
from zhiyin.core.histories import Floats
from zhiyin.pipeline.artifacts import ArtifactFolder
from zhiyin.pipeline.engine import Engine
from zhiyin.pipeline.likeness import Neighbour
from zhiyin.pipeline.search.alike import DEPTH, By, Categories, Likeness, fused
from zhiyin.pipeline.search.service import CatalogueSearch, Taste


class Asked(Protocol):
    """What of a workspace is asked."""

    artifacts: ArtifactFolder

    def engine(self) -> Engine:
        """What answers queries."""
        ...

    def searcher(self) -> CatalogueSearch:
        """What searches the catalogue."""
        ...


def taste_of(workspace: Asked, user_id: str | None) -> tuple[Taste | None, str]:
    """How a user's taste is asked for, or None and what to tell who wanted it."""
    if user_id is None:
        return None, ""
    try:
        engine = workspace.engine()
    except ArtifactError:
        return None, "not personalised: no model is trained"
    scores = engine.standing_of(user_id)
    if scores is None:
        return None, f"not personalised: nothing is known of the user {user_id!r}"
    index = engine.items.index

    def taste(item_ids: Sequence[str]) -> Floats:
        rows = np.array([index.get(item, -1) for item in item_ids], dtype=np.int64)
        known = np.flatnonzero((rows >= 0) & (rows < len(scores)))
        result = np.zeros(len(rows), dtype=np.float32)
        result[known] = scores[rows[known]]
        return result

    return taste, ""


def alike(
    workspace: Asked,
    item_id: str,
    *,
    n: int,
    by: By,
    likeness: Likeness,
    categories: Categories,
) -> list[Neighbour]:
    """The items most like one.

    An item without behaviour (new, or in a workspace that was never trained) has
    neighbours by meaning, and one without text has them by behaviour; each neighbour says
    what tells of it.

    Args:
        workspace: Whose items.
        item_id: The item.
        n: How many.
        by: What makes items alike.
        likeness: How meanings are compared.
        categories: Which categories neighbours may be of.

    Raises:
        UnknownEntityError: Neither the catalogue nor any event knows the item.
        ArtifactError: Nothing was trained, and the item has no text.
    """
    depth = max(n, DEPTH) if by == "both" else n
    lists: list[list[Neighbour]] = []
    trouble: Exception | None = None
    if by != "meaning":
        try:
            lists.append(_by_behaviour(workspace, item_id, n=depth, categories=categories))
        except (ArtifactError, UnknownEntityError) as error:
            trouble = error
    if by != "behaviour" or not any(lists):
        try:
            lists.append(
                workspace.searcher().similar(
                    item_id, n=depth, likeness=likeness, categories=categories
                )
            )
        except UnknownEntityError as error:
            trouble = trouble or error
    if by == "meaning" and not any(lists):
        lists = [_by_behaviour(workspace, item_id, n=depth, categories=categories)]
    found = [neighbours for neighbours in lists if neighbours]
    if not found and trouble is not None:
        raise trouble
    return fused(found, n=n) if len(found) > 1 else [near for some in found for near in some[:n]]


def _by_behaviour(
    workspace: Asked, item_id: str, *, n: int, categories: Categories
) -> list[Neighbour]:
    engine = workspace.engine()
    if not categories:
        return engine.similar_items(item_id, n=n)
    allowed = workspace.searcher().allowed(item_id, categories)
    found = engine.similar_items(item_id, n=len(engine.items))
    return [near for near in found if near.id in allowed][:n]
