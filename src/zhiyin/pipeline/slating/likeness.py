"""In what items are alike, for the diversity of a slate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.pipeline.slating.attributes import ItemTable
from zhiyin.pipeline.surfaces import DiversitySettings
from zhiyin.policy.diversity import (
    DiversityConfig,
    DppConfig,
    DppReranker,
    MmrReranker,
    XquadConfig,
    XquadReranker,
)

Reranker = MmrReranker | DppReranker | XquadReranker

BEHAVIOUR = "behaviour"


def reranker(settings: DiversitySettings) -> Reranker | None:
    """What makes an order of candidates; None where their own is kept."""
    if settings.method == "off" or not settings.diversity:
        return None
    knob, scale = settings.diversity, settings.scale
    if settings.method == "mmr":
        return MmrReranker(DiversityConfig(diversity=knob, scale=scale))
    if settings.method == "dpp":
        return DppReranker(DppConfig(diversity=knob, scale=scale))
    return XquadReranker(XquadConfig(diversity=knob, scale=scale))


class Likeness:
    """Vectors of items by which slates are made diverse.

    Args:
        vectors: Gives those of behaviour, shape (trained items, dim).
        table: The items' attributes.
    """

    def __init__(self, vectors: Callable[[], NDArray[np.floating]], table: ItemTable) -> None:
        self._vectors, self._table = vectors, table

    def features(self, name: str, items: NDArray[np.integer]) -> tuple[Floats | None, str]:
        """Features of items, and what has to be told of them.

        Args:
            name: "behaviour", or a column whose values are categories.
            items: Indices of the live vocabulary, shape (c,).

        Returns:
            float32 of shape (c, d) with zeros for items of which nothing is known; None
            where there are no such features, with the reason.
        """
        if name == BEHAVIOUR:
            vectors = self._vectors()
            known = items < len(vectors)
            if known.all():
                return vectors[items].astype(np.float32), ""
            found = np.zeros((len(items), vectors.shape[1]), dtype=np.float32)
            found[known] = vectors[items[known]]
            return found, ""
        categories = self._table.categories(name)
        if categories is None:
            return None, f"no item has {name}: slates are not diversified"
        return categories.membership[items], ""
