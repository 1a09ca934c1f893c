"""Columnar histories: grouping, picking, and rows as matrices."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.core.histories import Histories, empty_histories, histories_from_columns
from zhiyin.testing.logs import dense

N_ITEMS = 6

events = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(0, N_ITEMS - 1),
        st.sampled_from([-2.0, -1.0, 0.5, 1.0]),
        st.integers(0, 9),
    ),
    max_size=30,
)


def build(rows, *, ordered: bool = True) -> Histories:
    users, items, weights, times = (np.array(column) for column in zip(*rows, strict=True))
    return histories_from_columns(
        users,
        items,
        weights.astype(float),
        n_users=5,
        n_items=N_ITEMS,
        order=times if ordered else None,
        order_is_time=ordered,
    )


def as_lists(histories: Histories) -> list[list[tuple[int, float]]]:
    pairs = list(zip(histories.items.tolist(), histories.weights.tolist(), strict=True))
    bounds = histories.indptr.tolist()
    return [pairs[a:b] for a, b in pairwise(bounds)]


def by_hand(rows, *, ordered: bool = True) -> list[list[tuple[int, float]]]:
    groups = []
    for user in range(5):
        own = [row for row in rows if row[0] == user]
        own = sorted(own, key=lambda row: row[3]) if ordered else own
        groups.append([(item, weight) for _, item, weight, _ in own])
    return groups


@settings(max_examples=60, deadline=None)
@given(rows=events.filter(bool), ordered=st.booleans())
def test_grouping_is_stable_and_complete(rows, ordered):
    histories = build(rows, ordered=ordered)
    assert as_lists(histories) == by_hand(rows, ordered=ordered)
    assert histories.lengths.tolist() == [len(group) for group in by_hand(rows)]
    assert histories.ordered == ordered
    assert (histories.times is not None) == ordered


@settings(max_examples=60, deadline=None)
@given(rows=events.filter(bool), picked=st.lists(st.integers(0, 4), max_size=8))
def test_take_gives_the_rows_asked_for(rows, picked):
    taken = build(rows).take(np.array(picked, dtype=np.int64))
    whole = as_lists(build(rows))
    assert as_lists(taken) == [whole[row] for row in picked]
    assert len(taken) == len(picked)


@settings(max_examples=60, deadline=None)
@given(rows=events.filter(bool), n=st.integers(1, 5))
def test_recent_positive_and_resized_filter_rows(rows, n):
    histories = build(rows)
    whole = as_lists(histories)
    assert as_lists(histories.recent(n)) == [row[-n:] for row in whole]
    assert as_lists(histories.positive()) == [[e for e in row if e[1] > 0] for row in whole]
    smaller = histories.resized(3)
    assert as_lists(smaller) == [[e for e in row if e[0] < 3] for row in whole]
    assert smaller.n_items == 3
    assert smaller.times is not None
    assert len(smaller.times) == len(smaller.items)


def test_from_end_counts_backwards_in_each_row():
    histories = build([(0, 1, 1.0, 0), (0, 2, 1.0, 1), (3, 1, 1.0, 0)])
    assert histories.from_end.tolist() == [1, 0, 0]
    assert histories.rows.tolist() == [0, 0, 3]


@settings(max_examples=100, deadline=None)
@given(rows=events.filter(bool), decay=st.none() | st.floats(0.3, 20))
def test_matrix_agrees_with_rows_by_hand(rows, decay):
    histories = build(rows)
    matrix = histories.matrix(decay=decay)
    assert matrix.has_canonical_format
    assert matrix.dtype == np.float32
    expected = dense(histories, decay)
    if decay is None:
        assert np.array_equal(matrix.toarray(), expected)
    else:  # a near tie between repeats may fall either way
        np.testing.assert_allclose(np.abs(matrix.toarray()), np.abs(expected), rtol=1e-4, atol=1e-6)


def test_of_equal_repeats_the_latest_counts():
    liked_then_not = build([(0, 1, 1.0, 0), (0, 1, -1.0, 1)])
    assert liked_then_not.matrix().toarray()[0, 1] == -1
    strongly_liked = build([(0, 1, 1.0, 0), (0, 1, -0.5, 1)])
    assert strongly_liked.matrix().toarray()[0, 1] == 1


def test_decay_without_order_does_nothing():
    histories = build([(0, 1, 1.0, 0), (0, 2, 1.0, 1)], ordered=False)
    assert histories.matrix(decay=1.0).data.tolist() == [1, 1]


def test_decay_drops_what_has_faded_away():
    rows = [(0, place % N_ITEMS, 1.0, place) for place in range(6)]
    histories = build(rows)
    kept = histories.matrix(decay=0.3)  # 6 x 0.3 events, rounded up
    assert kept.nnz == 2


@pytest.mark.parametrize("power", [0.0, 0.5])
def test_power_divides_rows_by_their_sum(power):
    histories = build([(0, 1, 1.0, 0), (0, 2, -2.0, 1), (1, 3, 0.5, 0)])
    rows = histories.matrix(power=power).toarray()
    np.testing.assert_allclose(
        np.abs(rows).sum(axis=1), np.array([3, 0.5, 0, 0, 0]) ** power * [1, 1, 0, 0, 0], rtol=1e-6
    )


def test_nobody_and_nothing():
    nothing = empty_histories(3, 4)
    assert nothing.matrix(decay=2.0).shape == (3, 4)
    assert nothing.recent(2).positive().resized(2).lengths.tolist() == [0, 0, 0]
    assert empty_histories(0, 4).matrix().shape == (0, 4)
    assert nothing.take(np.array([2, 2])).lengths.tolist() == [0, 0]
