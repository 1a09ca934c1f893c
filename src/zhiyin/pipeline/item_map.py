"""The map of the items: their behaviour vectors in the plane.

Principal components of the vectors that `zhiyin.pipeline.trained.Trained` keeps for the
diversity of slates (Pearson, 1901). Items that nobody took have no vector and no place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.core.messages import ItemMap, MapPoint
from zhiyin.core.protocols import EntityStore
from zhiyin.data.vocabulary import BLANK
from zhiyin.pipeline.trained import Trained


def map_items(trained: Trained, entities: EntityStore, *, version: str, limit: int) -> ItemMap:
    """The most popular items, and where they lie.

    Args:
        trained: Whose items.
        entities: What is known of them.
        version: The version of the model.
        limit: How many items, at most.
    """
    rows: NDArray[np.int64] = np.flatnonzero(trained.popularity > 0)
    places, explained = plane(trained.vectors[rows].astype(np.float32))
    best = np.argsort(-trained.popularity[rows], kind="stable")
    order: list[int] = rows[best].tolist()
    ids = [trained.items.ids[row] for row in order]
    kept = [k for k, item in enumerate(ids) if not item.startswith(BLANK)][:limit]
    told = entities.get("item", [ids[k] for k in kept])
    points: list[MapPoint] = []
    for k in kept:
        place = int(best[k])
        known = told.get(ids[k]) or {}
        points.append(
            MapPoint(
                item_id=ids[k],
                title=str(known.get("title") or ""),
                category=_first(known.get("categories")),
                x=round(float(places[place, 0]), 4),
                y=round(float(places[place, 1]), 4),
                popularity=int(trained.popularity[rows[place]]),
            )
        )
    return ItemMap(model_version=version, explained=explained, items=len(rows), points=points)


def _first(categories: object) -> str:
    if isinstance(categories, list):
        return str(categories[0]) if categories else ""  # type: ignore[reportUnknownArgumentType]
    return str(categories or "")


def plane(vectors: Floats) -> tuple[NDArray[np.float32], float]:
    """The first two principal components of vectors, scaled into the square of -1..1.

    Args:
        vectors: Rows, float32 of shape (n, d).

    Returns:
        Places of shape (n, 2), and the share of the variance that they hold.
    """
    n, dim = vectors.shape
    found = np.zeros((n, 2), dtype=np.float32)
    if n < 2 or dim == 0:
        return found, 0.0
    centred = vectors - vectors.mean(axis=0)
    values, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64) / n)
    leading = directions[:, ::-1][:, : min(2, dim)]
    # A direction's sign is arbitrary: the largest part is made positive, so that maps stay.
    largest = np.abs(leading).argmax(axis=0)
    leading = leading * np.sign(leading[largest, np.arange(leading.shape[1])])
    found[:, : leading.shape[1]] = centred @ leading
    total = float(values.clip(0).sum())
    share = float(values[::-1][:2].clip(0).sum()) / total if total > 0 else 0.0
    widest = float(np.abs(found).max())
    return (found / widest if widest > 0 else found), share
