"""What lists are like, whether or not they hit: coverage, novelty, diversity, concentration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from zhiyin.core.histories import ItemIndices
from zhiyin.core.metrics.ranking import PerQuery


def exposure(lists: ItemIndices, *, k: int, n_items: int) -> NDArray[np.int64]:
    """How often each item stands among the first k of a list, shape (n_items,)."""
    shown = lists[:, :k]
    return np.bincount(shown[shown >= 0], minlength=n_items)


def coverage(exposures: NDArray[np.int64]) -> float:
    """Share of the candidates that anybody was shown, 0..1.

    Args:
        exposures: Times shown per candidate, shape (candidates,).
    """
    return float(np.count_nonzero(exposures) / max(1, len(exposures)))


def concentration(exposures: NDArray[np.int64]) -> float:
    """Gini coefficient of the exposures: 0 where all are shown alike, towards 1 where few are.

    Args:
        exposures: Times shown per candidate, shape (candidates,).
    """
    total = int(exposures.sum())
    n = len(exposures)
    if not total or not n:
        return 0.0
    ordered = np.sort(exposures).astype(np.float64)
    places = np.arange(1, n + 1)
    return float(((2 * places - n - 1) @ ordered) / (n * total))


def novelty(
    lists: ItemIndices, training_users: NDArray[np.integer], *, k: int, n_users: int
) -> PerQuery:
    """Mean over the first k items of -log2(training users of the item / users), in bits.

    Args:
        lists: Item indices of shape (q, n), below 0 where a list is shorter.
        training_users: Users per item, shape (n_items,). An item that nobody has yet
            counts as if one user had it.
        k: Cut-off.
        n_users: All training users.

    Returns:
        Shape (q,); NaN for an empty list.
    """
    share = np.maximum(training_users, 1) / max(1, n_users)
    bits = -np.log2(np.minimum(share, 1.0))
    shown = lists[:, :k]
    present = shown >= 0
    total = np.where(present, bits[np.where(present, shown, 0)], 0.0).sum(axis=1)
    return _mean(total, present.sum(axis=1))


def diversity(lists: ItemIndices, vectors: csr_matrix, *, k: int) -> PerQuery:
    """Mean cosine distance between pairs of the first k items (Ziegler et al., WWW 2005).

    Args:
        lists: Item indices of shape (q, n), below 0 where a list is shorter.
        vectors: What the items are, shape (n_items, d). An item whose vector is zero is
            unknown and takes no part.
        k: Cut-off.

    Returns:
        Shape (q,), 0..1 for vectors without negative entries; NaN where a list has fewer
        than two known items.
    """
    norms = np.sqrt(np.asarray(vectors.multiply(vectors).sum(axis=1), dtype=np.float64).ravel())
    unit = diags_array(1.0 / np.where(norms > 0, norms, 1.0)) @ vectors
    shown = lists[:, :k]
    known = (shown >= 0) & (norms[shown] > 0)
    count = known.sum(axis=1)
    picked = csr_matrix(
        (np.ones(int(count.sum())), shown[known], np.concatenate([[0], np.cumsum(count)])),
        shape=(len(lists), len(norms)),
    )
    together = picked @ unit
    square = np.asarray(together.multiply(together).sum(axis=1)).ravel()
    pairs = count * (count - 1)
    return np.where(pairs > 0, 1.0 - (square - count) / np.maximum(pairs, 1), np.nan)


def category_vectors(
    categories: tuple[NDArray[np.int32], NDArray[np.int32]], *, n_items: int, n_categories: int
) -> csr_matrix:
    """Items as 0/1 vectors over categories, shape (n_items, n_categories).

    Args:
        categories: Pairs (category index, item index), none twice.
        n_items: Size of the catalogue.
        n_categories: How many categories there are.
    """
    category, item = categories
    return csr_matrix((np.ones(len(item)), (item, category)), shape=(n_items, n_categories))


def _mean(total: NDArray[np.float64], count: NDArray[np.int64]) -> PerQuery:
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
