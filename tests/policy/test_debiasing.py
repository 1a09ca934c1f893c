"""Debiasing: the formula by hand, units, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.policy.debiasing import DebiasConfig, debias

SCORES = np.array([3.0, 2.0, 1.0], dtype=np.float32)
USERS = np.array([999, 99, 9])


def by(strength: float) -> DebiasConfig:
    return DebiasConfig(strength=strength)


def test_by_hand() -> None:
    """Logs of 1000, 100 and 10 are evenly spaced, as the scores are: both standardise alike."""
    half = debias(SCORES, USERS, config=by(0.5))
    np.testing.assert_allclose(half, [2.5, 2.0, 1.5], rtol=1e-6)
    np.testing.assert_allclose(debias(SCORES, USERS, config=by(1.0)), [2, 2, 2], rtol=1e-6)
    np.testing.assert_allclose(debias(SCORES, USERS, config=by(2.0)), [1, 2, 3], rtol=1e-6)


def test_strength_one_takes_the_whole_slope_of_scores_that_are_popularity() -> None:
    """What is a straight line of log popularity becomes flat."""
    users = np.random.default_rng(0).integers(0, 10_000, 50)
    scores = (0.3 + 2 * np.log1p(users)).astype(np.float32)
    assert np.ptp(debias(scores, users, config=by(1.0))) < 1e-4


@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e4])
def test_units_of_the_scores_do_not_matter(factor: float) -> None:
    rng = np.random.default_rng(1)
    scores, users = rng.standard_normal(30).astype(np.float32), rng.integers(0, 500, 30)
    plain = debias(scores, users, config=by(0.4))
    scaled = debias((factor * scores + 7 * factor).astype(np.float32), users, config=by(0.4))
    np.testing.assert_allclose(scaled, factor * plain + 7 * factor, rtol=1e-4, atol=1e-5 * factor)


@given(
    rows=st.lists(st.tuples(st.floats(width=32), st.integers(-3, 10**9)), max_size=10),
    strength=st.sampled_from([0.0, 0.3, 5.0]),
)
def test_barred_items_stay_barred_and_nothing_else_breaks(
    rows: list[tuple[float, int]], strength: float
) -> None:
    scores = np.array([score for score, _ in rows], dtype=np.float32)
    users = np.array([count for _, count in rows], dtype=np.int64)
    found = debias(scores, users, config=by(strength))
    part = np.isfinite(scores)
    np.testing.assert_array_equal(found[~part], scores[~part])
    assert np.isfinite(found[part]).all()
    if not strength:
        np.testing.assert_array_equal(found, scores)


def test_barred_items_take_no_part() -> None:
    scores = np.append(SCORES, -np.inf).astype(np.float32)
    found = debias(scores, np.append(USERS, 10**9), config=by(0.5))
    np.testing.assert_allclose(found[:3], [2.5, 2.0, 1.5], rtol=1e-6)


def test_nothing_to_tell_apart_changes_nothing() -> None:
    alike = np.full(3, 7)
    np.testing.assert_array_equal(debias(SCORES, alike, config=by(3.0)), SCORES)
    flat = np.full(3, 0.1, dtype=np.float32)
    np.testing.assert_array_equal(debias(flat, USERS, config=by(3.0)), flat)


def test_rows_of_a_batch_are_queries() -> None:
    rng = np.random.default_rng(2)
    scores = rng.standard_normal((4, 20)).astype(np.float32)
    users = rng.integers(0, 500, 20)
    batch = debias(scores, users)
    for row, found in zip(scores, batch, strict=True):
        np.testing.assert_allclose(debias(row, users), found, rtol=1e-6)
    np.testing.assert_array_equal(batch, debias(scores, np.broadcast_to(users, scores.shape)))


def test_relabelling_items_relabels_scores() -> None:
    rng = np.random.default_rng(3)
    scores, users = rng.standard_normal(25).astype(np.float32), rng.integers(0, 500, 25)
    order = rng.permutation(25)
    np.testing.assert_allclose(
        debias(scores[order], users[order]), debias(scores, users)[order], rtol=1e-6
    )


def test_stronger_means_less_popular_on_average() -> None:
    rng = np.random.default_rng(4)
    users = rng.zipf(1.5, 400).clip(0, 10_000)
    scores = (np.log1p(users) + rng.standard_normal(400)).astype(np.float32)
    means = [
        users[np.argsort(-debias(scores, users, config=by(s)))[:20]].mean() for s in (0, 0.5, 1)
    ]
    assert means[0] > means[1] > means[2]
