"""Exposure by group against numbers worked by hand; the fair order against every order."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.policy.fairness import FairnessConfig, discounts, exposure_report, fair_order


def test_report_by_hand() -> None:
    """Two lists of two: group 0 has the first place twice, group 1 the second twice."""
    lists = np.array([[0, 2], [1, 2]], dtype=np.int32)
    report = exposure_report(lists, np.array([0, 0, 1, 1]), n_groups=2)
    second = 1 / np.log2(3)
    np.testing.assert_allclose(report.exposure, [1 / (1 + second), second / (1 + second)])
    np.testing.assert_allclose(report.target, [0.5, 0.5])
    np.testing.assert_allclose(report.ratio, report.exposure / 0.5)
    assert report.disparity == pytest.approx(second)


def test_merit_sets_the_target() -> None:
    """The treatment ratio of Singh & Joachims: (exposure / merit) of one over the other's."""
    lists = np.array([[0, 1]], dtype=np.int32)
    merit = np.array([3.0, 1.0])
    report = exposure_report(lists, np.array([0, 1]), n_groups=2, merit=merit)
    np.testing.assert_allclose(report.target, [0.75, 0.25])
    first, second = discounts(2)
    treatment = (first / 3.0) / (second / 1.0)
    assert report.disparity == pytest.approx(min(treatment, 1 / treatment))


def test_what_belongs_to_no_group_and_empty_places_take_no_part() -> None:
    lists = np.array([[3, 0, -1], [1, -1, -1]], dtype=np.int32)
    report = exposure_report(lists, np.array([0, 1, 1, -1]), n_groups=3)
    places = discounts(2)
    np.testing.assert_allclose(report.exposure, np.array([places[1], 1, 0]) / (1 + places[1]))
    np.testing.assert_allclose(report.target, [1 / 3, 2 / 3, 0])
    assert np.isnan(report.ratio[2])


def test_nothing_shown_and_nobody_there() -> None:
    nothing = exposure_report(np.empty((0, 5), dtype=np.int32), np.array([0, 1]), n_groups=2)
    assert nothing.exposure.tolist() == [0, 0]
    assert nothing.disparity == 1.0
    nobody = exposure_report(np.full((1, 2), -1, dtype=np.int32), np.array([-1]), n_groups=1)
    assert np.isnan(nobody.disparity)


@given(seed=st.integers(0, 1000))
def test_shares_sum_to_one_and_do_not_depend_on_labels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 4, 30)
    lists = np.stack([rng.permutation(30)[:6] for _ in range(5)]).astype(np.int32)
    report = exposure_report(lists, groups, n_groups=4)
    assert report.exposure.sum() == pytest.approx(1.0)
    assert report.target.sum() == pytest.approx(1.0)
    assert 0 <= report.disparity <= 1
    order = rng.permutation(30)
    place = np.argsort(order).astype(np.int32)
    again = exposure_report(place[lists], groups[order], n_groups=4)
    np.testing.assert_allclose(again.exposure, report.exposure)


def owed(groups: list[int], targets: list[float], n: int, factor: float) -> np.ndarray:
    """Places owed to each group after each place, shape (n, groups)."""
    have = np.bincount([g for g in groups if g >= 0], minlength=len(targets))
    steps = np.arange(1, n + 1)[:, None]
    return np.minimum(np.floor(factor * np.asarray(targets) * steps + 1e-9), have)


def had(groups: list[int], picked: list[int], n_groups: int) -> np.ndarray:
    """Places that each group has after each place."""
    marks = np.array([[groups[i] == g for g in range(n_groups)] for i in picked])
    return np.cumsum(marks.reshape(len(picked), n_groups), axis=0)


@given(
    groups=st.lists(st.integers(-1, 2), min_size=1, max_size=6),
    parts=st.lists(st.integers(0, 4), min_size=4, max_size=4).filter(any),
    n=st.integers(1, 5),
    factor=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_the_first_of_all_orders_that_meet_the_condition(
    groups: list[int], parts: list[int], n: int, factor: float
) -> None:
    targets = [part / sum(parts) for part in parts[:3]]
    n = min(n, len(groups))
    wanted = owed(groups, targets, n, factor)
    best = next(
        list(order)
        for order in permutations(range(len(groups)), n)
        if (had(groups, list(order), 3) >= wanted).all()
    )
    config = FairnessConfig(factor=factor)
    assert fair_order(np.array(groups), np.array(targets), n=n, config=config).tolist() == best


@given(
    seed=st.integers(0, 10_000),
    n_groups=st.integers(1, 9),
    n=st.integers(1, 25),
    factor=st.floats(0, 1),
)
def test_every_beginning_holds_each_groups_part(
    seed: int, n_groups: int, n: int, factor: float
) -> None:
    """Any number of groups, all of them due at once or one after the other."""
    rng = np.random.default_rng(seed)
    groups = rng.integers(-1, n_groups, 40)
    groups = np.sort(groups) if seed % 2 else groups
    targets = np.ones(n_groups) if seed % 3 else rng.random(n_groups)
    targets /= targets.sum()
    picked = fair_order(groups, targets, n=n, config=FairnessConfig(factor=factor)).tolist()
    assert len(picked) == n == len(set(picked))
    wanted = owed(groups.tolist(), targets.tolist(), n, factor)
    assert (had(groups.tolist(), picked, n_groups) >= wanted).all()
    steps = np.diff(wanted, axis=0, prepend=0)
    marks = np.array([[groups[i] == g for g in range(n_groups)] for i in picked])
    assert (discounts(n) @ marks >= discounts(n) @ steps - 1e-9).all()
    for group in range(-1, n_groups):  # within a group the order stays
        mine = [i for i in picked if groups[i] == group]
        assert mine == np.flatnonzero(groups == group)[: len(mine)].tolist()


def test_four_groups_that_are_due_at_the_same_place() -> None:
    """A rule that looks at one place alone would give three places to group 0, and fail."""
    groups = np.repeat(np.arange(4), 5)
    found = fair_order(groups, np.full(4, 0.25), n=4, config=FairnessConfig(factor=1.0))
    assert sorted(groups[found].tolist()) == [0, 1, 2, 3]


def test_the_knob_goes_from_the_order_to_proportion() -> None:
    groups = np.array([0] * 20 + [1] * 20)
    exposures = [
        discounts(10)
        @ (groups[fair_order(groups, np.array([0.5, 0.5]), n=10, config=FairnessConfig(factor=f))])
        for f in (0.0, 0.5, 1.0)
    ]
    assert exposures[0] == 0 < exposures[1] < exposures[2]
    assert fair_order(groups, np.array([0.5, 0.5]), n=10).tolist()[:1] == [0]


def test_odd_arguments() -> None:
    nobody = np.empty(0, dtype=np.int64)
    assert fair_order(nobody, np.array([1.0]), n=5).tolist() == []
    assert fair_order(np.array([0, 7]), np.array([np.nan]), n=5).tolist() == [0, 1]
    doubled = fair_order(np.array([0, 0, 1]), np.array([5.0, 5.0]), n=2)
    assert doubled.tolist() == [0, 1]  # factor .8 x .5 x 2 places: nothing is owed yet
