"""What stands between a trained recommender and the measuring of it."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from zhiyin.core.candidates import Queries
from zhiyin.core.metrics import category_vectors
from zhiyin.data.dataset import Dataset
from zhiyin.evaluation.scoring import Catalogue, Evaluation

BASELINES = ("popularity", "recent-popularity")
"""What every model is held against, asked for or not."""


def as_queries(dataset: Dataset) -> Queries:
    """Every user as a query, as they stand after the training rows."""
    known = dataset.histories.lengths > 0
    users = np.where(known, np.arange(len(known)), -1).astype(np.int32)
    return Queries(dataset.histories, users, dataset.as_of)


def describe(dataset: Dataset) -> Catalogue:
    """What measuring needs to know of the items."""
    histories = dataset.histories
    pairs = np.unique(histories.rows * np.int64(histories.n_items) + histories.items)
    vectors: csr_matrix | None = None
    if dataset.categories is not None:
        vectors = category_vectors(
            dataset.categories,
            n_items=histories.n_items,
            n_categories=len(dataset.category_names),
        )
    return Catalogue(
        dataset.items.tie_order,
        np.bincount(pairs % histories.n_items, minlength=histories.n_items),
        int((histories.lengths > 0).sum()),
        vectors,
    )


def rounded(found: Evaluation) -> dict[str, float | None]:
    """Every figure with six places, None where it is undefined."""
    metrics = found.metrics.items()
    return {name: None if np.isnan(value) else round(value, 6) for name, value in metrics}
