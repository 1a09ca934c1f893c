"""Labels and folds: cases worked by hand, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.core.histories import Histories, histories_from_columns
from zhiyin.data.splits import (
    TEST,
    TRAIN,
    VALID,
    cold_items,
    fold,
    leave_one_out,
    random_split,
    temporal,
    validation_mask,
)

logs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8)), min_size=1, max_size=60)


def columns(log: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    users, items = np.array(log).T
    return users, items


def histories(log: list[tuple[int, int]], *, ordered: bool = True) -> Histories:
    users, items = columns(log)
    order = np.arange(len(users), dtype=np.int64) if ordered else None
    return histories_from_columns(
        users, items, np.ones(len(users)), n_users=6, n_items=9, order=order
    )


def test_leave_one_out_by_hand() -> None:
    users = np.array([0, 1, 0, 0, 1, 2, 0, 2, 2])
    times = np.array([4, 1, 2, 9, 2, 5, 9, 5, 5])
    # User 0: 2, 4, 9 (row 3), 9 (row 6); user 1 has two rows; user 2 has ties only.
    expected = [TRAIN, TRAIN, TRAIN, VALID, TRAIN, TRAIN, TEST, VALID, TEST]
    assert leave_one_out(users, times).tolist() == expected
    by_row = [TRAIN, TRAIN, TRAIN, VALID, TRAIN, TRAIN, TEST, VALID, TEST]
    assert leave_one_out(users).tolist() == by_row


@given(logs)
def test_leave_one_out_takes_the_last(log: list[tuple[int, int]]) -> None:
    users, _ = columns(log)
    labels = leave_one_out(users)
    for user in np.unique(users):
        own = labels[users == user].tolist()
        if len(own) < 3:
            assert set(own) == {TRAIN}
        else:
            assert own == [TRAIN] * (len(own) - 2) + [VALID, TEST]


def test_random_split_by_hand() -> None:
    users = np.array([1, 0, 1, 1, 0, 1, 1, 0])
    rng = np.random.default_rng(7)
    first, second = rng.permutation(3)[:1], rng.permutation(5)[:1]
    expected = {np.flatnonzero(users == 0)[first[0]], np.flatnonzero(users == 1)[second[0]]}
    labels = random_split(users, rng=np.random.default_rng(7))
    assert set(np.flatnonzero(labels == TEST)) == expected


@given(logs, st.integers(0, 99))
def test_random_split_takes_a_fifth_of_each_user(log: list[tuple[int, int]], seed: int) -> None:
    users, _ = columns(log)
    labels = random_split(users, rng=np.random.default_rng(seed))
    for user in np.unique(users):
        own = labels[users == user]
        assert (own == TEST).sum() == round(0.2 * len(own))
    again = random_split(users, rng=np.random.default_rng(seed))
    assert (labels == again).all()


def test_random_split_leaves_the_rest_alone() -> None:
    among = np.arange(40) % 2 == 0
    labels = random_split(np.zeros(40, dtype=int), rng=np.random.default_rng(0), among=among)
    assert (labels == TEST).sum() == 4
    assert among[labels == TEST].all()


def test_cold_items_by_hand() -> None:
    users, items = np.repeat([0, 1], 10), np.tile(np.arange(10), 2)
    labels, cold = cold_items(users, items, rng=np.random.default_rng(3))
    expected = np.random.default_rng(3).permutation(10)[:2]
    assert sorted(np.flatnonzero(cold)) == sorted(expected)
    assert (labels[cold[items]] == TEST).all()
    for user in (0, 1):
        warm = labels[(users == user) & ~cold[items]]
        assert (warm == TEST).sum() == round(0.2 * 8)


@given(logs, st.integers(0, 99))
def test_cold_items_are_never_trained_on(log: list[tuple[int, int]], seed: int) -> None:
    users, items = columns(log)
    labels, cold = cold_items(users, items, rng=np.random.default_rng(seed))
    assert cold.sum() == round(0.2 * len(np.unique(items)))
    assert not cold[items[labels == TRAIN]].any()
    assert set(np.flatnonzero(cold)) <= set(items)


def test_temporal_by_hand() -> None:
    times = np.array([5, 1, 9, 3, 7, 2, 8, 4, 6, 10])
    assert np.flatnonzero(temporal(times, share=0.2) == TEST).tolist() == [2, 9]
    assert not (temporal(np.full(10, 4)) == TEST).any()
    assert len(temporal(np.empty(0, dtype=np.int64))) == 0


@given(st.lists(st.integers(0, 20), min_size=1, max_size=40), st.sampled_from([0.1, 0.3, 0.5]))
def test_temporal_never_trains_on_the_future(times: list[int], share: float) -> None:
    when = np.array(times)
    labels = temporal(when, share=share)
    later, earlier = when[labels == TEST], when[labels == TRAIN]
    assert len(earlier)
    assert len(later) <= share * len(when) + 1e-9
    assert not len(later) or later.min() > earlier.max()


@pytest.mark.parametrize("rule", [None, "last", "share", "cold", "time"])
def test_validation_is_a_repeatable_part_of_the_rows(rule) -> None:
    rng = np.random.default_rng(1)
    log = [
        (int(u), int(i))
        for u, i in zip(rng.integers(0, 6, 200), rng.integers(0, 9, 200), strict=True)
    ]
    whole = histories(log)
    mask = validation_mask(whole, rule=rule, seed=4)
    assert 0 < mask.sum() < len(whole.items)
    assert (mask == validation_mask(whole, rule=rule, seed=4)).all()


def test_validation_follows_the_order_where_there_is_one() -> None:
    log = [(0, 1), (0, 2), (1, 3), (2, 4), (2, 5), (2, 6)]
    whole = histories(log)
    assert whole.items[validation_mask(whole, seed=0)].tolist() == [2, 6]
    loose = histories([(0, i) for i in range(9)], ordered=False)
    assert validation_mask(loose, seed=0).sum() == 2


def test_fold_by_hand() -> None:
    whole = histories([(0, 1), (0, 2), (0, 1), (0, 3), (0, 3), (1, 1), (1, 4)])
    parts = fold(whole, np.array([0, 0, 1, 1, 1, 0, 1], dtype=bool))
    assert parts.train.items.tolist() == [1, 2, 1]
    assert parts.test.items.tolist() == [3, 4]
    assert (parts.seen, parts.repeated) == (1, 1)


@given(logs, st.integers(0, 99))
def test_fold_partitions_without_leaking(log: list[tuple[int, int]], seed: int) -> None:
    whole = histories(log)
    held = np.random.default_rng(seed).random(len(log)) < 0.4
    parts = fold(whole, held)
    counted = len(parts.test.items) + parts.seen + parts.repeated
    assert counted == held.sum()
    assert len(parts.train.items) == (~held).sum()
    train = set(zip(parts.train.rows, parts.train.items, strict=True))
    test = list(zip(parts.test.rows, parts.test.items, strict=True))
    assert len(set(test)) == len(test)
    assert not train & set(test)
