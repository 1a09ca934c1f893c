"""Calibration against brute force, hand and scikit-learn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from zhiyin.core.errors import ArtifactError, DataError, NotEnoughDataError
from zhiyin.ranking.calibration import (
    IsotonicCalibrator,
    IsotonicConfig,
    PlattCalibrator,
    restored,
)
from zhiyin.ranking.reliability import (
    brier,
    calibration_error,
    log_loss,
    reliability,
    roc_auc,
)
from zhiyin.ranking.utility import UtilityConfig, utility

PLAIN = IsotonicConfig(prior=0.0)


def logistic_rows(n=4000, *, seed=0, slope=2.0, shift=-1.0):
    """Scores that are true log-odds, and scores that overstate them."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(size=n)
    labels = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    return odds, slope * odds + shift, labels


def brute_force(labels, weights):
    """Isotonic regression by trying every way to cut a sequence into blocks."""
    best, found = np.inf, None
    n = len(labels)
    for cuts in itertools.product([False, True], repeat=n - 1):
        blocks = np.cumsum([0, *cuts])
        means = np.bincount(blocks, weights * labels) / np.bincount(blocks, weights)
        if (np.diff(means) < 0).any():
            continue
        fit = means[blocks]
        error = weights @ (fit - labels) ** 2
        if error < best - 1e-12:
            best, found = error, fit
    return found


@given(
    st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=1, max_size=9),
    st.integers(0, 2**31),
)
def test_isotonic_is_the_best_of_all_partitions(labels, seed):
    y = np.array(labels)
    weights = np.random.default_rng(seed).integers(1, 4, len(y)).astype(np.float64)
    scores = np.arange(len(y), dtype=np.float64)
    found = IsotonicCalibrator(PLAIN).fit(scores, y, weights=weights).probabilities(scores)
    np.testing.assert_allclose(found, brute_force(y, weights), atol=1e-12)


def test_isotonic_is_scikit_learns():
    _, scores, labels = logistic_rows(500)
    scores = scores.round(1)  # ties
    theirs = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    asked = np.linspace(-12, 12, 777)
    ours = IsotonicCalibrator(PLAIN).fit(scores, labels).probabilities(asked)
    np.testing.assert_allclose(ours, theirs.predict(asked), atol=1e-9)


def test_isotonic_prior_keeps_probabilities_inside():
    scores, labels = np.arange(6.0), np.array([0.0, 0, 0, 1, 1, 1])
    assert IsotonicCalibrator(PLAIN).fit(scores, labels).probabilities(scores)[0] == 0.0
    inside = IsotonicCalibrator().fit(scores, labels).probabilities(scores)
    # Half a row of either outcome beside the three: 0.5 / 1 at the end, pooled with 0, 0.
    np.testing.assert_allclose(inside, [0.5 / 4] * 3 + [3.5 / 4] * 3)


def test_platt_finds_the_line():
    _, scores, labels = logistic_rows(20_000)
    line = PlattCalibrator().fit(scores, labels).state()["line"]
    # The truth: odds = (score + 1) / 2. Standard errors are about 0.009 and 0.02.
    np.testing.assert_allclose(line, [0.5, 0.5], atol=0.05)


def test_platt_smooths_as_he_did():
    # Classes apart, one score each: the fit reaches the smoothed targets 3/4 and 1/5.
    scores, labels = np.array([1.0, 1, 0, 0, 0]), np.array([1.0, 1, 0, 0, 0])
    found = PlattCalibrator().fit(scores, labels).probabilities(np.array([0.0, 1.0]))
    np.testing.assert_allclose(found, [1 / 5, 3 / 4], atol=1e-4)


def test_platt_never_turns_the_order_round():
    scores = np.arange(100.0)
    found = PlattCalibrator().fit(scores, scores < 50).probabilities(scores)
    np.testing.assert_allclose(found, 0.5, atol=1e-6)


@pytest.mark.parametrize("calibrator", [IsotonicCalibrator, PlattCalibrator])
def test_calibration_mends_what_is_overstated(calibrator):
    _, scores, labels = logistic_rows(seed=1)
    _, unseen, outcomes = logistic_rows(seed=2)
    raw = 1 / (1 + np.exp(-unseen))
    mended = calibrator().fit(scores, labels).probabilities(unseen)
    # Measured: log-loss .718 raw, .598 and .597 mended; ECE .155 raw, .034 and .021, where the
    # probabilities that the labels were drawn with have .027.
    assert log_loss(mended, outcomes) < log_loss(raw, outcomes) - 0.1
    assert calibration_error(mended, outcomes) < 0.05
    assert calibration_error(raw, outcomes) > 0.14
    assert brier(mended, outcomes) < brier(raw, outcomes)


@pytest.mark.parametrize("calibrator", [IsotonicCalibrator, PlattCalibrator])
def test_calibrators_keep_order_and_state(calibrator):
    _, scores, labels = logistic_rows(300)
    fitted = calibrator().fit(scores, labels)
    asked = np.linspace(-20, 20, 999)
    values = fitted.probabilities(asked)
    assert (np.diff(values) >= 0).all()
    assert ((values >= 0) & (values <= 1)).all()
    again = restored(fitted.state())
    assert type(again) is calibrator
    assert np.array_equal(again.probabilities(asked), values)


@pytest.mark.parametrize("calibrator", [IsotonicCalibrator, PlattCalibrator])
def test_weights_are_repetitions(calibrator):
    _, scores, labels = logistic_rows(200)
    counts = np.random.default_rng(0).integers(0, 4, len(scores))
    repeated = calibrator().fit(np.repeat(scores, counts), np.repeat(labels, counts))
    weighted = calibrator().fit(scores, labels, weights=counts.astype(np.float64))
    asked = np.linspace(-9, 9, 99)
    np.testing.assert_allclose(
        weighted.probabilities(asked), repeated.probabilities(asked), atol=1e-6
    )


@pytest.mark.parametrize("calibrator", [IsotonicCalibrator, PlattCalibrator])
@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_outcome_only(calibrator, label):
    scores = np.array([0.0, 1.0, 1.0, 5.0])
    values = calibrator().fit(scores, np.full(4, label)).probabilities(scores)
    assert np.isfinite(values).all()
    assert (np.abs(values - label) < 0.5).all()


@pytest.mark.parametrize("calibrator", [IsotonicCalibrator, PlattCalibrator])
def test_bad_input_is_refused(calibrator):
    good = np.array([0.0, 1.0])
    with pytest.raises(NotEnoughDataError):
        calibrator().fit(good[:0], good[:0])
    with pytest.raises(NotEnoughDataError):
        calibrator().fit(good, good, weights=np.zeros(2))
    with pytest.raises(DataError, match="differ"):
        calibrator().fit(good, good[:1])
    with pytest.raises(DataError, match="not finite"):
        calibrator().fit(np.array([np.nan, 1.0]), good)
    with pytest.raises(DataError, match=r"0\.\.1"):
        calibrator().fit(good, np.array([0.0, 2.0]))
    with pytest.raises(DataError, match="weight"):
        calibrator().fit(good, good, weights=np.array([-1.0, 1.0]))


def test_foreign_state_is_refused():
    with pytest.raises(ArtifactError, match="slopes"):
        restored({"slopes": np.zeros(2)})


def test_reliability_by_hand():
    p = np.array([0.1, 0.2, 0.3, 0.9])
    y = np.array([0.0, 1.0, 0.0, 1.0])
    table = reliability(p, y, bins=2)
    assert table.rows.tolist() == [3, 1]
    np.testing.assert_allclose(table.predicted, [0.2, 0.9])
    np.testing.assert_allclose(table.observed, [1 / 3, 1.0])
    np.testing.assert_allclose([table.lower, table.upper], [[0.1, 0.9], [0.3, 0.9]])
    assert table.error == pytest.approx((3 * (1 / 3 - 0.2) + 1 * 0.1) / 4)
    equal = reliability(p, y, bins=2, by="mass")
    assert equal.rows.tolist() == [2, 2]
    assert equal.error == pytest.approx((2 * (0.5 - 0.15) + 2 * (0.6 - 0.5)) / 4)


def test_equal_probabilities_share_a_bin():
    p = np.array([0.2] * 10 + [0.7] * 2)
    table = reliability(p, p > 0.5, bins=4, by="mass")
    assert table.rows.tolist() == [10, 2]
    assert np.isnan(calibration_error(np.zeros(0), np.zeros(0)))


@given(st.integers(2, 60), st.integers(0, 2**31), st.sampled_from(["width", "mass"]))
def test_calibration_error_is_bounded(n, seed, by):
    rng = np.random.default_rng(seed)
    p, y = rng.random(n), rng.integers(0, 2, n).astype(np.float64)
    table = reliability(p, y, by=by)
    assert table.rows.sum() == n
    assert abs(p.mean() - y.mean()) - 1e-12 <= table.error <= 1
    assert calibration_error(y, y, by=by) == 0


def test_scores_are_scikit_learns():
    _, scores, labels = logistic_rows(300)
    p = 1 / (1 + np.exp(-scores.round(1)))
    assert log_loss(p, labels) == pytest.approx(sklearn_log_loss(labels, p))
    assert brier(p, labels) == pytest.approx(brier_score_loss(labels, p))
    assert roc_auc(p, labels) == pytest.approx(roc_auc_score(labels, p))


def test_auc_by_hand():
    # Of 2 x 2 pairs one is right, two are ties, one is wrong.
    assert roc_auc(np.array([1.0, 0.5, 0.5, 0.5]), np.array([1, 0, 1, 0])) == 0.75
    assert roc_auc(np.array([0.5, 0.5, 1.0, 0.5]), np.array([1, 1, 0, 0])) == 0.25
    assert np.isnan(roc_auc(np.ones(3), np.ones(3)))


def test_utility_by_hand():
    ctr, cvr = np.array([0.1, 0.2]), np.array([0.5, 0.1])
    value = np.array([4.0, np.nan])
    np.testing.assert_allclose(utility(UtilityConfig(), ctr=ctr, cvr=cvr, value=value), ctr)
    whole = UtilityConfig(conversion=1, value=1, unknown_value=9)
    np.testing.assert_allclose(utility(whole, ctr=ctr, cvr=cvr, value=value), [0.2, 0.18])
    half = UtilityConfig(click=2, conversion=0.5, value=0.5)
    expected = [0.01 * 0.5**0.5 * 2, 0.04 * 0.1**0.5]
    np.testing.assert_allclose(utility(half, ctr=ctr, cvr=cvr, value=value), expected)


def test_utility_of_what_is_not_known():
    ctr = np.array([0.1, 0.0])
    surface = UtilityConfig(click=0, conversion=1, value=1, unknown_value=3)
    np.testing.assert_allclose(utility(surface, ctr=ctr), [3, 3])
    loss = utility(surface, ctr=ctr, value=np.array([-5.0, 2.0]))
    np.testing.assert_allclose(loss, [0, 2])
