"""What features learn from: the events that count, and the columns of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import issparse

from zhiyin.core.attributes import Attribute
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.lowrank import item_directions
from zhiyin.core.rng import derive_rng
from zhiyin.data.dataset import Dataset
from zhiyin.data.facts import CONTEXT
from zhiyin.ranking.features import Known

_RANK = 64
"""Directions of behaviour that tell how alike items are."""
_ROUNDS = 4
_MOST_NUMBERS = 8
"""Numeric attributes that are read."""
_KNOWN = 0.5
"""Share of the items of which a number must be known."""
_DISTINCT = 8
"""Different values that it must take: fewer are a kind, not a number."""
_SMALLEST = 1e-6


def knowledge(
    dataset: Dataset,
    histories: Histories,
    *,
    attributes: Sequence[Attribute],
    sources: tuple[str, ...],
    seed: int,
    deadline: Deadline,
    facts: pl.DataFrame | None = None,
    impressions: bool = False,
) -> Known:
    """What features may know of a data set.

    Args:
        dataset: Its catalogue is read.
        histories: The events that count: those that the retrievers learned from.
        attributes: What the items are, as encoded; dense ones tell how alike items are.
        sources: Names of the retrievers, the blend first.
        seed: Seed of the draws.
        deadline: Vectors of behaviour stop growing better when it has passed.
        facts: What the events of ``histories`` tell beside; None for nothing.
        impressions: Whether slates teach, too.
    """
    vectors = {
        attribute.name: np.asarray(attribute.values, dtype=np.float32)
        for attribute in attributes
        if not issparse(attribute.values) and attribute.values.shape[1] > 1
    }
    behaviour = behaviour_vectors(histories, seed=seed, deadline=deadline)
    return Known(
        histories,
        dataset.categories,
        len(dataset.category_names),
        numbers(dataset.item_attributes),
        {"behaviour": behaviour, **vectors},
        sources,
        None if facts is None else facts.select(CONTEXT),
        impressions,
    )


def behaviour_vectors(histories: Histories, *, seed: int, deadline: Deadline) -> Floats:
    """Leading directions of who took what, a row of length 1 per item (0 for untaken)."""
    liked = histories.liked()
    _, vectors = item_directions(
        liked,
        rank=min(_RANK, histories.n_items),
        rng=derive_rng(seed, "behaviour vectors"),
        deadline=deadline,
        rounds=_ROUNDS,
    )
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.maximum(lengths, _SMALLEST)
    vectors[np.asarray(liked.sum(axis=0)).ravel() == 0] = 0
    return vectors


def numbers(table: pl.DataFrame | None) -> dict[str, NDArray[np.floating]]:
    """The numeric attributes of a catalogue that are worth a feature, NaN for unknown."""
    found: dict[str, NDArray[np.floating]] = {}
    for column in () if table is None else table.iter_columns():
        if not column.dtype.is_numeric() or len(found) == _MOST_NUMBERS:
            continue
        values = column.cast(pl.Float64).to_numpy().astype(np.float64)
        finite = values[np.isfinite(values)]
        if len(finite) >= _KNOWN * len(values) and len(np.unique(finite)) >= _DISTINCT:
            found[column.name] = values
    return found
