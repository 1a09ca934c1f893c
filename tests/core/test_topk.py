"""Exact top-k: against a naive sort, with ties, bars, infinities and odd shapes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zhiyin.core.histories import histories_from_columns
from zhiyin.core.topk import EMPTY, bar, chunks, top_k


def naive(scores: np.ndarray, k: int, tie_order: np.ndarray) -> list[list[int]]:
    """Sorts every row in Python."""
    lists = []
    for row in scores:
        ranked = [i for i in range(len(row)) if row[i] > -np.inf]
        ranked.sort(key=lambda i: (-float(row[i]), tie_order[i]))
        short = ranked[:k]
        lists.append(short + [int(EMPTY)] * (min(k, len(row)) - len(short)))
    return lists


def check(scores: np.ndarray, k: int, tie_order: np.ndarray) -> None:
    before = scores.copy()
    best = top_k(scores, k=k, tie_order=tie_order)
    assert best.items.dtype == np.int32
    assert best.scores.dtype == np.float32
    assert best.items.shape == (len(scores), min(k, scores.shape[1]))
    assert best.items.tolist() == naive(scores, k, tie_order)
    for row, items, values in zip(scores, best.items, best.scores, strict=True):
        full = items != EMPTY
        assert np.array_equal(values[full], row[items[full]])
        assert np.all(np.isneginf(values[~full]))
    assert np.array_equal(before, scores, equal_nan=True)


SPECIAL = [-np.inf, np.inf, np.nan, 0.0, -0.0, 1.0, -1.0, 1e-45, -1e-45, 3.4e38, -3.4e38]


@settings(max_examples=200, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 40)),
    k=st.integers(1, 45),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_agrees_with_a_naive_sort(shape, k, seed, data):
    values = st.sampled_from(SPECIAL) | st.floats(width=32)
    scores = data.draw(hnp.arrays(np.float32, shape, elements=values))
    check(scores, k, np.random.default_rng(seed).permutation(shape[1]).astype(np.int32))


@settings(max_examples=60, deadline=None)
@given(
    q=st.integers(1, 5),
    n=st.integers(100, 700),
    k=st.integers(1, 60),
    levels=st.integers(1, 50),
    barred=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_agrees_in_blocks_with_many_ties_and_bars(q, n, k, levels, barred, seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, size=(q, n)).astype(np.float32)
    scores[rng.random((q, n)) < barred] = rng.choice([-np.inf, np.nan])
    check(scores, k, rng.permutation(n).astype(np.int32))


def test_more_rows_than_one_pass_takes():
    rng = np.random.default_rng(0)
    check(
        rng.normal(size=(2100, 80)).round(1).astype(np.float32),
        5,
        rng.permutation(80).astype(np.int32),
    )


def test_ties_go_to_the_smaller_rank():
    scores = np.zeros((2, 400), dtype=np.float32)
    order = np.random.default_rng(1).permutation(400).astype(np.int32)
    best = top_k(scores, k=400, tie_order=order)
    assert np.array_equal(order[best.items[0]], np.arange(400))
    assert np.array_equal(best.items[0], best.items[1])


@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (0, 0)])
def test_nothing_to_rank(shape):
    best = top_k(np.zeros(shape, np.float32), k=3, tie_order=np.arange(shape[1], dtype=np.int32))
    assert best.items.shape == (shape[0], min(3, shape[1]))


def test_relabelling_items_relabels_the_lists():
    rng = np.random.default_rng(2)
    scores = rng.integers(0, 9, size=(6, 300)).astype(np.float32)
    order = rng.permutation(300).astype(np.int32)
    names = rng.permutation(300)
    plain = top_k(scores, k=20, tie_order=order).items
    renamed = top_k(np.ascontiguousarray(scores[:, names]), k=20, tie_order=order[names]).items
    assert np.array_equal(names[renamed], plain)


def test_accepts_rows_that_are_not_contiguous():
    rng = np.random.default_rng(3)
    scores = np.asfortranarray(rng.normal(size=(7, 200)).astype(np.float32))
    check(scores, 9, rng.permutation(200).astype(np.int32))


def test_bar_takes_out_the_history_and_nothing_else():
    seen = histories_from_columns(
        np.array([0, 0, 2]), np.array([1, 5, 3]), np.ones(3), n_users=3, n_items=6
    )
    scores = np.ones((3, 5), dtype=np.float32)
    bar(scores, seen)  # item 5 lies beyond the scores
    assert np.argwhere(np.isneginf(scores)).tolist() == [[0, 1], [2, 3]]


@given(total=st.integers(0, 500), width=st.integers(0, 50), budget=st.integers(1, 5000))
def test_chunks_cover_everything_once_within_the_budget(total, width, budget):
    slices = list(chunks(total, width=width, budget_bytes=budget))
    assert [i for s in slices for i in range(s.start, s.stop)] == list(range(total))
    assert all(s.stop - s.start == 1 or (s.stop - s.start) * 4 * width <= budget for s in slices)
