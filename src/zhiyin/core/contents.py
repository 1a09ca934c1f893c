"""All attributes of a catalogue side by side, as one dense vector per item."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from zhiyin.core.attributes import Attribute
from zhiyin.core.clock import Deadline
from zhiyin.core.errors import NotEnoughDataError
from zhiyin.core.histories import Floats
from zhiyin.core.lowrank import leading_eigenvectors

_FAINT = 1e-3
"""Size of the start of directions in which no item points."""


def content_vectors(
    attributes: Sequence[Attribute],
    *,
    model: str,
    width: int,
    rng: np.random.Generator,
    deadline: Deadline,
) -> Floats:
    """The attributes next to one another; wide ones are reduced before.

    A reduced attribute is its product with the ``width`` leading right singular vectors, not
    centred: inner products stay as near as they can, and what is unknown stays zeros. Texts
    arrive whitened, 128 columns wide (see `zhiyin.encode.whitening`), and pass as they are.

    Args:
        attributes: Of n items.
        model: Who asks, for the message.
        width: Columns of an attribute at most.
        rng: Draws the start of the singular vectors.
        deadline: When it has passed, the vectors are left as they have come out so far.

    Returns:
        float32 of shape (n, d).

    Raises:
        NotEnoughDataError: There is no attribute.
    """
    if not attributes:
        raise NotEnoughDataError(
            f"{model} learns from what items are, and nothing is known of these",
            hint="import the items with a title, a text or tags, or leave this model out",
        )
    parts: list[Floats] = []
    for attribute in attributes:
        values = attribute.values
        if values.shape[1] > width:
            values = values @ _directions(values, width, rng=rng, deadline=deadline)
        dense = values.toarray() if isinstance(values, csr_matrix) else values
        parts.append(np.asarray(dense, dtype=np.float32))
    return np.concatenate(parts, axis=1)


def first_projection(
    contents: Floats, dim: int, *, rng: np.random.Generator, deadline: Deadline
) -> Floats:
    """Where training starts: the ``dim`` directions that keep most of the inner products.

    Returns:
        float32 of shape (dim, d), for contents of shape (n, d).
    """
    start = rng.standard_normal((dim, contents.shape[1]), dtype=np.float32) * np.float32(_FAINT)
    found = _directions(contents, dim, rng=rng, deadline=deadline).T
    start[: len(found)] += found
    return start


def _directions(
    values: Floats | csr_matrix, rank: int, *, rng: np.random.Generator, deadline: Deadline
) -> Floats:
    """Leading right singular vectors, as columns."""
    _, vectors = leading_eigenvectors(
        lambda block: np.asarray(values.T @ (values @ block), dtype=np.float32),
        size=int(values.shape[1]),
        rank=rank,
        rng=rng,
        deadline=deadline,
    )
    return vectors
