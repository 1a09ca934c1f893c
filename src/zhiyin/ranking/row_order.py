"""The order in which a trainer meets the rows of a query."""

from __future__ import annotations

import numpy as np

from zhiyin.core.protocols import RankingData


def settled(data: RankingData, *, rng: np.random.Generator) -> RankingData:
    """The same rows, in an order within each query that depends on nothing but their content.

    While scores are equal, trees that learn an order take rows as they lie: a log that lists
    clicked rows first would tell them the answer. Rows are sorted by a random hash of their
    bytes, so that whoever shuffles them trains the same model.
    """
    columns = [data.features, data.labels[:, None]]
    if data.weights is not None:
        columns.append(data.weights[:, None])
    # Multilinear hashing: sums of products wrap around, and the high bits decide.
    width = sum(column.shape[1] for column in columns)
    factors = rng.integers(2**64, size=width, dtype=np.uint64)
    hashes = np.zeros(len(data.labels), dtype=np.uint64)
    at = 0
    for column in columns:
        for j in range(column.shape[1]):
            words = np.ascontiguousarray(column[:, j], dtype=np.float32).view(np.uint32)
            hashes += words * factors[at]
            at += 1
    query = np.repeat(np.arange(len(data)), np.diff(data.indptr))
    order = np.lexsort((hashes, query))
    weights = None if data.weights is None else data.weights[order]
    return RankingData(data.features[order], data.labels[order], data.indptr, data.names, weights)
