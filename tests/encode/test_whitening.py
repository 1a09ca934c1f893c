"""Whitening: its definition, small catalogues, and foreign vectors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.core.errors import ArtifactError, DataError, NotEnoughDataError
from zhiyin.encode.whitening import Whitening, WhiteningConfig


def cone(n: int, dim: int, seed: int = 0) -> np.ndarray:
    """Vectors in a narrow cone, as language models make them."""
    rng = np.random.default_rng(seed)
    rows = 3.0 + rng.standard_normal((n, dim)) * np.linspace(2.0, 0.1, dim)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_without_shrinkage_the_covariance_is_one() -> None:
    rows = cone(4000, 12)
    white = Whitening(WhiteningConfig(dim=6, shrinkage=0.0, unit=False)).fit(rows).apply(rows)
    assert white.shape == (4000, 6)
    assert np.abs(np.cov(white.T, bias=True) - np.eye(6)).max() < 1e-2
    assert np.abs(white.mean(axis=0)).max() < 1e-3


def test_cosines_spread() -> None:
    rows = cone(500, 32)
    white = Whitening().fit(rows).apply(rows)
    upper = np.triu_indices(500, 1)
    assert (rows @ rows.T)[upper].mean() > 0.5
    assert abs((white @ white.T)[upper].mean()) < 0.02
    assert np.allclose(np.linalg.norm(white, axis=1), 1.0, atol=1e-4)


def test_absent_rows_stay_zero_and_teach_nothing() -> None:
    rows = cone(60, 8)
    present = np.arange(60) < 50
    rows[~present] = 0.0
    fitted = Whitening(WhiteningConfig(dim=4)).fit(rows, present)
    assert not fitted.apply(rows, present)[~present].any()
    alone = Whitening(WhiteningConfig(dim=4)).fit(rows[:50])
    assert np.allclose(fitted.apply(rows)[:50], alone.apply(rows[:50]), atol=1e-5)


def test_state_makes_an_equal_whitening() -> None:
    rows = cone(100, 8)
    fitted = Whitening(WhiteningConfig(dim=4)).fit(rows)
    again = Whitening(WhiteningConfig(dim=4)).restore(fitted.state())
    assert np.array_equal(again.apply(rows), fitted.apply(rows))
    assert again.dim == 4


def test_it_is_the_same_every_time() -> None:
    rows = cone(100, 8)
    assert np.array_equal(Whitening().fit(rows).apply(rows), Whitening().fit(rows).apply(rows))


@settings(max_examples=30)
@given(n=st.integers(2, 12), dim=st.integers(1, 40), seed=st.integers(0, 99))
def test_few_items_give_finite_vectors(n: int, dim: int, seed: int) -> None:
    rows = cone(n, dim, seed)
    rows[-1] = rows[0]
    white = Whitening().fit(rows).apply(cone(5, dim, seed + 1))
    assert np.isfinite(white).all()
    assert white.shape[1] <= min(128, dim, n - 1)


def test_too_few_vectors_are_told() -> None:
    with pytest.raises(NotEnoughDataError):
        Whitening().fit(cone(1, 4))
    with pytest.raises(NotEnoughDataError):
        Whitening().fit(cone(3, 4), np.array([True, False, False]))
    with pytest.raises(NotEnoughDataError):
        Whitening().apply(cone(1, 4))


def test_foreign_vectors_and_states_are_refused() -> None:
    fitted = Whitening().fit(cone(20, 8))
    with pytest.raises(DataError, match="another encoder"):
        fitted.apply(cone(2, 9))
    with pytest.raises(ArtifactError):
        Whitening().restore({"mean": np.zeros(3), "axes": np.zeros((4, 2))})
