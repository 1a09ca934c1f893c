"""Intervals and paired differences."""

from __future__ import annotations

import numpy as np
import pytest

from zhiyin.evaluation.bootstrap import BootstrapConfig, differences, intervals
from zhiyin.evaluation.comparison import confidence

CONFIG = BootstrapConfig(resamples=500)


def test_the_interval_is_that_of_the_normal_law_for_many_users() -> None:
    values = np.random.default_rng(0).normal(3.0, 2.0, 4000)
    span = intervals({"m": values}, CONFIG)["m"]
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert span.mean == pytest.approx(values.mean())
    assert span.low == pytest.approx(values.mean() - half, abs=0.2 * half)
    assert span.high == pytest.approx(values.mean() + half, abs=0.2 * half)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    config = BootstrapConfig(resamples=200, level=0.8)
    inside = 0
    for _ in range(200):
        span = intervals({"m": rng.binomial(1, 0.3, 300)}, config)["m"]
        inside += span.low <= 0.3 <= span.high
    assert 0.7 < inside / 200 < 0.9  # measured: 0.85; 0.8 ± 0.03 expected


def test_the_same_seed_gives_the_same_interval() -> None:
    values = {"m": np.random.default_rng(0).random(50)}
    assert intervals(values, CONFIG) == intervals(values, CONFIG)
    other = BootstrapConfig(resamples=500, seed=1)
    assert intervals(values, CONFIG) != intervals(values, other)


def test_users_without_a_value_take_no_part() -> None:
    values = np.array([1.0, np.nan, 3.0, np.nan] * 50)
    span = intervals({"m": values, "all": np.ones(200)}, CONFIG)
    assert span["m"].mean == 2
    assert 1 < span["m"].low < 2 < span["m"].high < 3
    assert (span["all"].low, span["all"].high) == (1, 1)


def test_one_user_and_none() -> None:
    span = intervals({"m": np.array([0.25])}, CONFIG)["m"]
    assert (span.low, span.mean, span.high) == (0.25, 0.25, 0.25)
    assert np.isnan(intervals({"m": np.empty(0)}, CONFIG)["m"].mean)
    assert intervals({}, CONFIG) == {}


def test_pairing_sees_what_independent_intervals_hide() -> None:
    rng = np.random.default_rng(2)
    hard = rng.normal(0, 5, 400)
    first = {"m": hard + 0.3 + rng.normal(0, 0.5, 400)}
    second = {"m": hard}
    gap = differences(first, second, CONFIG)["m"]
    assert gap.low > 0
    assert gap.p < 0.01
    spans = intervals(first, CONFIG)["m"], intervals(second, CONFIG)["m"]
    assert spans[0].low < spans[1].high  # they overlap


def test_no_difference_is_no_discovery() -> None:
    same = {"m": np.random.default_rng(3).random(100)}
    gap = differences(same, same, CONFIG)["m"]
    assert (gap.mean, gap.low, gap.high, gap.p) == (0, 0, 0, 1)


def test_a_difference_turns_its_sign_with_its_sides() -> None:
    rng = np.random.default_rng(4)
    first, second = {"m": rng.random(80)}, {"m": rng.random(80)}
    one, other = differences(first, second, CONFIG)["m"], differences(second, first, CONFIG)["m"]
    assert one.mean == pytest.approx(-other.mean)
    assert one.low == pytest.approx(-other.high)
    assert one.p == pytest.approx(other.p)


def test_each_model_meets_the_best_of_the_others() -> None:
    rng = np.random.default_rng(5)
    base = rng.random(200)
    models = {
        "weak": {"metrics/ndcg@10": base - 0.5, "metrics/auc": base},
        "good": {"metrics/ndcg@10": base},
        "best": {"metrics/ndcg@10": base + 0.2},
    }
    found = confidence(models, CONFIG)
    against = found["against_best"]["metrics"]
    assert {name: gap["ndcg@10"]["best"] for name, gap in against.items()} == {
        "weak": "best",
        "good": "best",
        "best": "good",
    }
    assert against["best"]["ndcg@10"]["difference"] == pytest.approx(0.2)
    low, high = found["intervals"]["metrics"]["good"]["ndcg@10"]
    assert low < base.mean() < high
    assert list(found["intervals"]["metrics"]["weak"]) == ["ndcg@10"]


def test_a_lone_model_meets_nobody() -> None:
    found = confidence({"m": {"metrics/hr@10": np.ones(3)}}, CONFIG)
    assert found["against_best"]["metrics"] == {"m": {}}
