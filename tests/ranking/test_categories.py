"""Encoded categories: by hand, without a leak, and for values that nobody has seen."""

from __future__ import annotations

import numpy as np
import pytest

from zhiyin.core.errors import DataError, NotEnoughDataError
from zhiyin.ranking.categories import CategoryConfig, CategoryEncoder
from zhiyin.ranking.reliability import roc_auc


def test_unseen_rows_by_hand():
    keys = np.array([[7], [7], [7], [9]])
    encoder = CategoryEncoder(CategoryConfig(prior=2, folds=2))
    encoder.fit_encode(keys, np.array([1.0, 1, 0, 0]), rng=np.random.default_rng(0))
    encoded = encoder.encode(np.array([[7], [9], [8]]))
    # Two rows of the overall mean, 1/2, beside what was seen; counts as if half were there.
    np.testing.assert_allclose(encoded[:, 0], [3 / 5, 1 / 3, 1 / 2], rtol=1e-6)
    np.testing.assert_allclose(encoded[:, 1], np.log1p([1.5, 0.5, 0.0]), rtol=1e-6)


def test_training_rows_see_other_folds_only():
    rng = np.random.default_rng(1)
    keys = rng.integers(0, 4, (40, 2))
    labels = rng.random(40)
    config = CategoryConfig(prior=3, folds=4)
    encoded = CategoryEncoder(config).fit_encode(keys, labels, rng=np.random.default_rng(5))
    fold = np.random.default_rng(5).permutation(np.arange(40) % 4)
    for row in range(40):
        other = fold != fold[row]
        for column in range(2):
            same = other & (keys[:, column] == keys[row, column])
            mean = (labels[same].sum() + 3 * labels[other].mean()) / (same.sum() + 3)
            assert encoded[row, column] == pytest.approx(mean)
            assert encoded[row, 2 + column] == pytest.approx(np.log1p(same.sum()))


def test_values_of_one_row_tell_nothing():
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, 3000).astype(np.float64)
    keys = np.arange(3000)[:, None]
    encoded = CategoryEncoder().fit_encode(keys, labels, rng=rng)
    # A mean with the row's own label would have an AUC of 1. Its fold's others tell a little.
    assert roc_auc(encoded[:, 0], labels) == pytest.approx(0.5, abs=0.05)


def test_state_restores():
    rng = np.random.default_rng(3)
    keys, labels = rng.integers(-5, 5, (50, 3)), rng.random(50)
    encoder = CategoryEncoder()
    encoder.fit_encode(keys, labels, rng=rng)
    asked = rng.integers(-7, 7, (20, 3))
    again = CategoryEncoder().restore(encoder.state())
    np.testing.assert_array_equal(again.encode(asked), encoder.encode(asked))
    with pytest.raises(DataError, match="training had 3"):
        again.encode(asked[:, :2])


def test_no_rows_are_refused():
    with pytest.raises(NotEnoughDataError):
        CategoryEncoder().fit_encode(
            np.zeros((0, 1), dtype=np.int64), np.zeros(0), rng=np.random.default_rng(0)
        )
