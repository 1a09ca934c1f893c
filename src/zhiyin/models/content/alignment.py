"""How much each attribute says about who likes what."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy  # its parts load when they are first used: serving needs none of them
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.attributes import Attribute
from zhiyin.core.histories import Floats

_ITEMS = 1_000
"""So many items are enough to weigh a few dozen attributes."""
_JITTER = 1e-6


def attribute_weights(
    attributes: Sequence[Attribute],
    behaviour: csr_matrix,
    *,
    trust: float,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Weights with which likeness by attributes resembles likeness by behaviour.

    Non-negative least squares of (X'X - n n'/U) / sqrt(n n') on the attributes' inner
    products, all centred and without their diagonal (centred kernel alignment: Cortes,
    Mohri and Rostamizadeh, JMLR 13, 2012). Square roots are taken after, which holds the
    strongest back: chosen on validation over several catalogues.

    Args:
        attributes: Of all items.
        behaviour: X, ones, of shape (users, items).
        trust: An item with n users counts as n / (n + trust).
        rng: Draws the items that are looked at.

    Returns:
        Positive weights by name, of sum 1; empty where nothing resembles behaviour.
    """
    counts = np.bincount(behaviour.indices, minlength=behaviour.shape[1])
    warm = np.flatnonzero(counts)
    if len(warm) < 2 or not attributes:
        return {}
    rows = np.sort(rng.choice(warm, min(_ITEMS, len(warm)), replace=False))
    n = counts[rows].astype(np.float32)
    weight = np.asarray(n / (n + np.float32(trust)), dtype=np.float32)
    columns = behaviour[:, rows]
    wanted = np.asarray((columns.T @ columns).toarray(), dtype=np.float32)
    wanted -= np.outer(n, n) / np.float32(behaviour.shape[0])
    wanted /= np.sqrt(np.outer(n, n))
    target = _centred(wanted, weight)
    views = [_centred(a.likeness(rows, a.take(rows)), weight) for a in attributes]
    products = np.array([[_dot(a, b) for b in views] for a in views])
    answers = np.array([_dot(a, target) for a in views])
    ridge = _JITTER * np.trace(products) / len(products)
    if ridge <= 0:
        return {}
    square = np.asarray(products + ridge * np.eye(len(products)), dtype=np.float64)
    lower = np.asarray(np.linalg.cholesky(square), dtype=np.float64)
    found, _ = scipy.optimize.nnls(lower.T, np.linalg.solve(lower, answers))
    roots = np.sqrt(found)
    if not roots.sum():
        return {}
    shares = roots / roots.sum()
    return {a.name: float(s) for a, s in zip(attributes, shares, strict=True) if s > 0}


def _centred(kernel: Floats, weight: NDArray[np.float32]) -> Floats:
    """Without weighted row and column means and diagonal, scaled by the roots of the weights."""
    kernel = kernel - np.average(kernel, axis=0, weights=weight)[None]
    kernel -= np.average(kernel, axis=1, weights=weight)[:, None]
    root = np.sqrt(weight)
    kernel *= root[:, None] * root[None]
    kernel[np.diag_indices(len(kernel))] = 0
    return np.asarray(kernel, dtype=np.float32)


def _dot(left: Floats, right: Floats) -> float:
    return float(np.einsum("ij,ij->", left, right, dtype=np.float64))
