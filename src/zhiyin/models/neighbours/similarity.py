"""How alike two sparse rows are, and how much each of their entries says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.histories import Floats
from zhiyin.core.products import rows_of

Similarity = Literal["cosine", "pearson", "euclidean", "dot"]
Weighting = Literal["none", "tf-idf", "bm25"]

_TINY = np.float32(1e-12)


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """What the columns (terms) of a matrix of rows (documents) are worth.

    Attributes:
        rarity: log(documents / (1 + documents with the term)), at least 0, float32 of
            shape (terms,).
        mean_length: Mean sum of a row.
    """

    rarity: Floats
    mean_length: float

    @classmethod
    def of(cls, documents: csr_matrix) -> Terms:
        """Counts them in a matrix of shape (documents, terms)."""
        frequency = np.bincount(documents.indices, minlength=documents.shape[1])
        rarity = np.log(max(1, documents.shape[0]) / (1.0 + frequency))
        total = float(documents.data.sum(dtype=np.float64))
        return cls(np.maximum(rarity, 0.0).astype(np.float32), total / max(1, documents.shape[0]))

    def weigh(self, rows: csr_matrix, *, how: Weighting, k1: float, b: float) -> csr_matrix:
        """Rows with each entry weighed against its column and its row's length.

        tf-idf: sqrt(x) rarity; BM25 (Robertson and Zaragoza, "The probabilistic relevance
        framework", 2009, eq. 3.15): x (k1 + 1) / (k1 (1 - b + b length / mean length) + x)
        rarity. Negative entries keep their sign.

        Args:
            rows: float32 of shape (q, terms); left as it is.
            how: The scheme.
            k1: Saturation of BM25.
            b: Share of the length that BM25 takes into account.
        """
        size = np.abs(rows.data)
        if how == "none":
            return rows
        if how == "tf-idf":
            values = np.sqrt(size)
        else:
            owners = rows_of(rows)
            length = np.bincount(owners, size, minlength=rows.shape[0])
            norm = 1.0 - b + b * length / max(self.mean_length, float(_TINY))
            values = size * (k1 + 1.0) / (k1 * norm[owners] + size)
        values = np.sign(rows.data) * values * self.rarity[rows.indices]
        return csr_matrix((values.astype(np.float32), rows.indices, rows.indptr), shape=rows.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Sum and sum of squares of each row, float32 of shape (q,)."""

    sums: Floats
    squares: Floats

    @classmethod
    def of(cls, rows: csr_matrix) -> Moments:
        """Those of a sparse matrix."""
        owners = rows_of(rows)
        sums = np.bincount(owners, rows.data, minlength=rows.shape[0])
        squares = np.bincount(owners, np.square(rows.data), minlength=rows.shape[0])
        return cls(sums.astype(np.float32), squares.astype(np.float32))

    def spread(self, width: int) -> Floats:
        """Sum of squares about the mean over ``width`` columns, at least 0."""
        about = self.squares - np.square(self.sums) / np.float32(width)
        return np.maximum(about, np.float32(0.0), dtype=np.float32)

    def part(self, rows: slice | NDArray[np.integer]) -> Moments:
        """Those of some of the rows."""
        return Moments(self.sums[rows], self.squares[rows])

    @property
    def column(self) -> Moments:
        """The same, of shape (q, 1)."""
        return Moments(self.sums[:, None], self.squares[:, None])


def likeness(
    products: Floats, left: Moments, right: Moments, *, how: Similarity, width: int
) -> Floats:
    """Similarities from inner products; rows that share nothing are 0.

    dot: <x, y> as it is. cosine: <x, y> / (|x| |y|). pearson: the cosine of x and y less
    their means over all ``width`` columns. euclidean: 1 / (1 + |x - y|).

    Args:
        products: <x, y>, float32 of shape (q, m), or (pairs,); overwritten.
        left: Moments of the q rows as a `column`, or of the first of each pair.
        right: Moments of the m rows, or of the second of each pair.
        how: The measure.
        width: Columns of the rows.

    Returns:
        float32 of the shape of the products, finite.
    """
    if how == "dot":
        return products
    if how == "cosine":
        products *= _inverse_root(left.squares)
        products *= _inverse_root(right.squares)
        return products
    apart = products == 0
    if how == "euclidean":
        products *= np.float32(-2.0)
        products += left.squares
        products += right.squares
        np.sqrt(np.maximum(products, 0.0, out=products), out=products)
        np.reciprocal(products + np.float32(1.0), out=products)
    else:
        products -= left.sums * (right.sums / np.float32(width))
        products *= _inverse_root(left.spread(width))
        products *= _inverse_root(right.spread(width))
    products[apart] = 0.0
    return products


def _inverse_root(squares: Floats) -> Floats:
    """1 / sqrt(x), and 0 where x is nothing but rounding."""
    return np.where(squares > 1e-6, 1.0 / np.sqrt(np.maximum(squares, _TINY)), 0.0).astype(
        np.float32
    )
