"""What items are, in columns that can be compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, issparse

from zhiyin.core.histories import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One thing known of n items; the inner product of two rows tells how alike they are.

    Attributes:
        name: Where it comes from, such as "title" or "categories".
        values: float32 of shape (n, d), dense or sparse; rows of length 1, or of zeros
            where it is unknown.
    """

    name: str
    values: Floats | csr_matrix

    def __len__(self) -> int:
        return int(self.values.shape[0])

    def take(self, rows: NDArray[np.integer]) -> Attribute:
        """The attribute of some items."""
        return Attribute(self.name, self.values[rows])

    def likeness(self, rows: NDArray[np.integer], other: Attribute) -> Floats:
        """Inner products of some of these items with those of another set.

        Returns:
            float32 of shape (len(rows), len(other)).
        """
        product = self.values[rows] @ other.values.T
        dense = product.toarray() if issparse(product) else product  # type: ignore[union-attr]
        return np.asarray(dense, dtype=np.float32)
