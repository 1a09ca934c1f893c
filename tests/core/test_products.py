"""Gram matrices and products: the quick paths agree with plain double precision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_matrix
from scipy.sparse import random as random_sparse

from zhiyin.core import products
from zhiyin.core.products import gram, mirror, times_dense


def sparse(q: int, n: int, density: float) -> csr_matrix:
    return csr_matrix(
        random_sparse(q, n, density=density, dtype=np.float32, rng=np.random.default_rng(q + n))
    )


@pytest.mark.parametrize(
    ("q", "n", "density"), [(900, 40, 0.5), (50, 1300, 0.01), (1, 1, 1.0), (7, 5, 0.0)]
)
def test_gram_is_exact_and_symmetric(q, n, density):
    matrix = sparse(q, n, density)
    result = gram(matrix)
    wide = matrix.toarray().astype(np.float64)
    assert result.dtype == np.float32
    assert result.flags.f_contiguous
    assert np.array_equal(result, result.T)
    np.testing.assert_allclose(result, wide.T @ wide, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("q", "density"), [(1, 0.1), (700, 0.3), (700, 0.001), (0, 0.0)])
def test_times_dense_agrees_with_double_precision(q, density):
    matrix = sparse(q, 60, density)
    weights = np.random.default_rng(0).normal(size=(60, 33)).astype(np.float32)
    result = times_dense(matrix, weights)
    assert result.shape == (q, 33)
    assert result.dtype == np.float32
    expected = matrix.toarray().astype(np.float64) @ weights
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n", [1, 1023, 1025])
def test_mirror_copies_the_lower_triangle(n):
    full = np.random.default_rng(0).normal(size=(n, n)).astype(np.float32)
    lower = np.tril(full)
    assert np.array_equal(mirror(full), lower + np.tril(lower, -1).T)


@pytest.mark.parametrize("dense_bytes", [0, 2**28])
def test_gram_blocks_are_the_rows_of_the_gram_matrix(monkeypatch, dense_bytes):
    monkeypatch.setattr(products, "_DENSE_BYTES", dense_bytes)
    monkeypatch.setattr(products, "_BUDGET_BYTES", 4 * 50 * 7)  # seven rows at a time
    matrix = sparse(90, 50, 0.2)
    seen = 0
    for part, rows in products.gram_blocks(matrix):
        assert part.start == seen
        seen = part.stop
        np.testing.assert_allclose(rows, (matrix.T @ matrix).toarray()[part], rtol=1e-5, atol=1e-6)
        rows[:] = 0.0  # fresh: the caller may write
    assert seen == 50


def test_gram_rows_are_the_rows_of_the_gram_matrix(monkeypatch):
    monkeypatch.setattr(products, "_PAIRS", 300)
    matrix = sparse(90, 50, 0.1)
    blocks = list(products.gram_rows(matrix))
    assert len(blocks) > 3
    assert [part.start for part, _ in blocks] == [0, *(part.stop for part, _ in blocks[:-1])]
    whole = np.concatenate([rows.toarray() for _, rows in blocks])
    np.testing.assert_allclose(whole, (matrix.T @ matrix).toarray(), rtol=1e-5, atol=1e-6)
    assert all(rows.has_sorted_indices for _, rows in blocks)


def test_few_pairs_are_those_of_a_large_and_sparse_matrix(monkeypatch):
    monkeypatch.setattr(products, "_DENSE_BYTES", 0)
    assert products.few_pairs(sparse(20, 400, 0.01))
    assert not products.few_pairs(sparse(90, 50, 0.3))
    monkeypatch.setattr(products, "_DENSE_BYTES", 4 * 400 * 400)
    assert not products.few_pairs(sparse(20, 400, 0.01))


@given(
    values=hnp.arrays(np.float32, (4, 9), elements=st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0])),
    k=st.integers(1, 12),
)
def test_the_largest_of_a_sparse_matrix_are_as_large_as_those_of_a_dense_one(values, k):
    kept = products.keep_largest(csr_matrix(values), k)
    assert kept.has_sorted_indices
    expected = products.keep_largest(values, k).toarray()
    np.testing.assert_array_equal(np.sort(kept.toarray(), axis=1), np.sort(expected, axis=1))
    found = kept.toarray()
    assert np.array_equal(found[found > 0], values[found > 0])


@given(
    values=hnp.arrays(np.float32, (3, 9), elements=st.floats(-4, 4, width=16)),
    k=st.integers(1, 12),
)
def test_keep_largest_keeps_the_largest_positive_entries(values, k):
    kept = products.keep_largest(values, k)
    assert kept.has_sorted_indices
    for row, found in zip(values, kept.toarray(), strict=True):
        expected = np.sort(row[row > 0])[::-1][:k]
        assert np.array_equal(np.sort(found[found > 0])[::-1], expected)
        assert np.array_equal(found[found > 0], row[found > 0])
