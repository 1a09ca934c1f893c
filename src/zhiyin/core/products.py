"""The two matrix products that linear models live on, fast and within bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas
from scipy.sparse import csr_matrix

from zhiyin.core.histories import Floats, Histories

_BUDGET_BYTES = 64 * 2**20
_SPARSE_PER_FLOP = 20.0
"""How much longer a multiply-add takes in scipy's sparse product than in BLAS."""
_BLOCK = 1024
_MANY_ROWS = 64
"""From so many rows on, arranging the work for the cache pays."""
_STRIPE = 256
"""Columns of weights that are multiplied at a time."""
_DENSE_BYTES = 256 * 2**20
_PAIRS = 2**22
"""Multiply-adds of a block of a sparse product."""
_SPARSE_SHARE = 0.1
"""Where at most so many of all pairs of items share a user, only those are looked at."""


def histories_times(histories: Histories, weights: Floats, *, decay: float | None = None) -> Floats:
    """Each (decayed) history times a matrix of item-to-item weights.

    Args:
        histories: q rows over n items.
        weights: float32 of shape (n, m).
        decay: As in `Histories.matrix`.

    Returns:
        float32 of shape (q, m), freshly allocated.
    """
    if len(histories) == 1:  # a single query: the arithmetic without the sparse matrix
        _, items, values = histories.distinct(decay=decay)
        rows = np.asarray(weights)[items]  # of a memory map too, without its wrapper
        return np.asarray(values @ rows, dtype=np.float32)[None]
    return times_dense(histories.matrix(decay=decay), weights)


def times_dense(matrix: csr_matrix, weights: Floats) -> Floats:
    """A sparse matrix times a dense one, by whichever of scipy and BLAS is faster.

    Args:
        matrix: float32 of shape (q, n).
        weights: float32 of shape (n, m).

    Returns:
        float32 of shape (q, m), freshly allocated.
    """
    q, n = matrix.shape
    if q < _MANY_ROWS:
        return np.asarray(matrix @ weights, dtype=np.float32)
    result = np.empty((q, weights.shape[1]), dtype=np.float32)
    if matrix.nnz * _SPARSE_PER_FLOP < q * n:
        # A stripe of the weights stays in cache while all rows pass over it.
        for start in range(0, weights.shape[1], _STRIPE):
            stripe = slice(start, start + _STRIPE)
            result[:, stripe] = matrix @ np.ascontiguousarray(weights[:, stripe])
        return result
    step = max(_BLOCK // 4, _BUDGET_BYTES // (4 * n))
    for start in range(0, q, step):
        part = slice(start, start + step)
        np.matmul(matrix[part].toarray(), weights, out=result[part])
    return result


def gram(left: csr_matrix) -> Floats:
    """X'X as a dense, exactly symmetric matrix.

    Args:
        left: X, float32 of shape (q, n).

    Returns:
        float32 of shape (n, n), in Fortran order for LAPACK. Beside it, memory is
        bounded: dense products go by blocks of rows, sparse ones by blocks of columns.
    """
    q, n = left.shape
    result = np.zeros((n, n), dtype=np.float32, order="F")
    if float(np.square(np.diff(left.indptr).astype(np.float64)).sum()) * _SPARSE_PER_FLOP > (
        0.5 * q * float(n) ** 2
    ):
        step = max(1, _BUDGET_BYTES // (4 * n))
        for start in range(0, q, step):
            dense = left[start : start + step].toarray()
            result = blas.ssyrk(1.0, dense.T, beta=1.0, c=result, lower=1, overwrite_c=1)
        return mirror(result)
    columns = csr_matrix(left.T)
    for start in range(0, n, _BLOCK):
        block = columns[start : start + _BLOCK] @ left
        result[:, start : start + _BLOCK] = block.toarray().T
    return result


def gram_blocks(left: csr_matrix) -> Iterator[tuple[slice, Floats]]:
    """The rows of X'X, a block at a time, for catalogues whose square would not fit.

    Args:
        left: X, float32 of shape (q, n).

    Yields:
        Which rows, and float32 of shape (rows, n), fresh.
    """
    n = left.shape[1]
    if 4 * n * n <= _DENSE_BYTES:
        whole = gram(left)
        for start in range(0, n, _BLOCK):
            part = slice(start, min(n, start + _BLOCK))
            yield part, np.ascontiguousarray(whole[:, part].T)
        return
    columns: csr_matrix = csr_matrix(left.T)
    step = max(1, _BUDGET_BYTES // (4 * n))
    for start in range(0, n, step):
        part = slice(start, min(n, start + step))
        yield part, np.asarray((columns[part] @ left).toarray(), dtype=np.float32)


def few_pairs(left: csr_matrix) -> bool:
    """Whether X'X is so sparse, and so large, that its zeros had better not be looked at.

    Args:
        left: X, of shape (q, n).
    """
    n = left.shape[1]
    pairs = float(np.square(np.diff(left.indptr), dtype=np.float64).sum())
    return 4 * n * n > _DENSE_BYTES and pairs < _SPARSE_SHARE * n * n


def gram_rows(left: csr_matrix) -> Iterator[tuple[slice, csr_matrix]]:
    """The rows of X'X as sparse matrices, in blocks of about equal work.

    Args:
        left: X, float32 of shape (q, n).

    Yields:
        Which rows, and float32 of shape (rows, n), fresh, columns sorted.
    """
    columns: csr_matrix = csr_matrix(left.T)
    lengths = np.diff(left.indptr)
    work = np.concatenate([[0], np.cumsum(lengths[columns.indices], dtype=np.int64)])
    work = work[columns.indptr]
    start, n = 0, left.shape[1]
    while start < n:
        stop = max(start + 1, int(np.searchsorted(work, work[start] + _PAIRS, side="right")) - 1)
        found: csr_matrix = csr_matrix(columns[start:stop] @ left)
        found.sort_indices()
        yield slice(start, stop), found
        start = stop


def rows_of(matrix: csr_matrix) -> NDArray[np.int64]:
    """The row of each stored entry."""
    return np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))


def _largest_stored(rows: csr_matrix, k: int) -> csr_matrix:
    positive = rows.data > 0
    owners = rows_of(rows)[positive]
    values, columns = rows.data[positive], rows.indices[positive]
    order = np.lexsort((-values, owners))
    first = np.searchsorted(owners, np.arange(rows.shape[0]))
    place = np.arange(len(order)) - first[owners[order]]
    kept = np.sort(order[place < k])
    counts = np.bincount(owners[kept], minlength=rows.shape[0])
    pointers = np.concatenate([[0], np.cumsum(counts)])
    return csr_matrix(
        (values[kept], columns[kept].astype(np.int32), pointers.astype(np.int32)),
        shape=rows.shape,
    )


def keep_largest(values: Floats | csr_matrix, k: int) -> csr_matrix:
    """The k largest positive entries of each row, as a sparse matrix.

    Args:
        values: float32 of shape (q, n), finite; if sparse, with columns sorted: of equals the
            first in a row are kept.
        k: Entries kept; may exceed n.

    Returns:
        float32 of shape (q, n), columns sorted.
    """
    if isinstance(values, csr_matrix):
        return _largest_stored(values, k)
    q, n = values.shape
    if k < n:
        columns = np.sort(np.argpartition(values, n - k, axis=1)[:, n - k :], axis=1)
        kept = np.take_along_axis(values, columns, axis=1)
    else:
        columns = np.repeat(np.arange(int(n))[None, :], int(q), axis=0)
        kept = values
    positive = kept > 0
    pointers = np.concatenate([[0], np.cumsum(positive.sum(axis=1))])
    return csr_matrix(
        (kept[positive], columns[positive].astype(np.int32), pointers.astype(np.int32)),
        shape=(q, n),
    )


def to_dense(matrix: csr_matrix) -> Floats:
    """A sparse matrix as a dense one, float32."""
    return np.asarray(matrix.toarray(), dtype=np.float32)


def mirror(lower: Floats) -> Floats:
    """Copies the lower triangle onto the upper one, in place, block by block.

    Args:
        lower: Square; what stands above its diagonal is overwritten.
    """
    n = len(lower)
    for start in range(0, n, _BLOCK):
        stop = min(n, start + _BLOCK)
        corner = lower[start:stop, start:stop]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T
        lower[start:stop, stop:] = lower[stop:, start:stop].T
    return lower
