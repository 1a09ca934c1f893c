"""Coverage, novelty, diversity and concentration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from zhiyin.core.metrics import (
    category_vectors,
    concentration,
    coverage,
    diversity,
    exposure,
    novelty,
)


def lists(*rows: list[int]) -> np.ndarray:
    return np.array(rows, dtype=np.int32)


def test_exposure_counts_the_first_k_without_padding() -> None:
    shown = exposure(lists([0, 1, 2], [0, -1, -1]), k=2, n_items=4)
    assert shown.tolist() == [2, 1, 0, 0]
    assert coverage(shown) == pytest.approx(0.5)


def test_concentration_by_hand() -> None:
    assert concentration(np.array([3, 3, 3])) == pytest.approx(0)
    assert concentration(np.array([0, 0, 6])) == pytest.approx(2 / 3)
    # Pairwise definition: mean absolute difference over twice the mean.
    values = np.array([1, 4, 2, 9])
    pairwise = np.abs(values[:, None] - values).mean() / (2 * values.mean())
    assert concentration(values) == pytest.approx(pairwise)
    assert concentration(np.array([0, 0])) == 0


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_concentration_is_bounded_and_blind_to_names(values: list[int], random) -> None:
    shuffled = random.sample(values, len(values))
    got = concentration(np.array(values))
    assert 0 <= got < 1
    assert got == pytest.approx(concentration(np.array(shuffled)))


def test_novelty_by_hand() -> None:
    users_of = np.array([8, 2, 0])
    got = novelty(lists([0, 1, -1], [2, 0, 1], [-1, -1, -1]), users_of, k=2, n_users=8)
    assert got[0] == pytest.approx((0 + 2) / 2)
    assert got[1] == pytest.approx((3 + 0) / 2)  # nobody has item 2: counted as one user of 8
    assert np.isnan(got[2])


def test_diversity_by_hand() -> None:
    vectors = csr_matrix(np.array([[1, 0], [0, 2], [3, 0], [0, 0]], dtype=float))
    got = diversity(lists([0, 1], [0, 2], [0, 3], [1, -1]), vectors, k=2)
    assert got[:2] == pytest.approx([1, 0])
    assert np.isnan(got[2:]).all()  # an unknown item and a lone one make no pair
    assert diversity(lists([0, 1, 2]), vectors, k=3)[0] == pytest.approx(2 / 3)


@given(st.integers(0, 10_000))
def test_diversity_is_the_mean_over_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    dense = rng.random((9, 4)) * (rng.random((9, 4)) < 0.6)
    shown = np.array([rng.permutation(9)[:5] for _ in range(3)], dtype=np.int32)
    got = diversity(shown, csr_matrix(dense), k=4)
    for row, value in zip(shown[:, :4], got, strict=True):
        known = [v / np.linalg.norm(v) for v in dense[row] if v.any()]
        pairs = [1 - a @ b for i, a in enumerate(known) for b in known[:i]]
        assert value == pytest.approx(np.mean(pairs) if pairs else np.nan, nan_ok=True)


def test_categories_become_vectors() -> None:
    pairs = (np.array([0, 1, 1], dtype=np.int32), np.array([0, 0, 2], dtype=np.int32))
    dense = category_vectors(pairs, n_items=3, n_categories=2).toarray()
    assert dense.tolist() == [[1, 1], [0, 0], [0, 1]]
