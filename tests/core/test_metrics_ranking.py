"""Ranking metrics: cases worked by hand, a trusted library, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score, roc_auc_score

from zhiyin.core.histories import Histories, histories_from_columns
from zhiyin.core.metrics import RANKING, auc, hits, ranking_metrics


def truth(*rows: list[int], n_items: int = 10) -> Histories:
    users = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
    items = np.array([i for r in rows for i in r], dtype=np.int32)
    weights = np.ones(len(items), dtype=np.float32)
    return histories_from_columns(users, items, weights, n_users=len(rows), n_items=n_items)


def at(lists: list[list[int]], test: Histories, k: int) -> dict[str, np.ndarray]:
    values = ranking_metrics(np.array(lists, dtype=np.int32), test, ks=[k])
    return {name.partition("@")[0]: value for name, value in values.items()}


def test_worked_by_hand() -> None:
    # Hits at the places 1 and 3 of 4; three test items in all.
    got = at([[7, 1, 5, 2]], truth([5, 7, 9]), 4)
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    assert got["hr"][0] == 1
    assert got["recall"][0] == pytest.approx(2 / 3)
    assert got["precision"][0] == pytest.approx(2 / 4)
    assert got["ndcg"][0] == pytest.approx((1 + 1 / np.log2(4)) / ideal)
    assert got["map"][0] == pytest.approx((1 / 1 + 2 / 3) / 3)
    assert got["mrr"][0] == 1


def test_the_ideal_is_no_longer_than_the_list() -> None:
    got = at([[1, 2]], truth([1, 2, 3, 4]), 2)
    assert got["ndcg"][0] == pytest.approx(1)
    assert got["map"][0] == pytest.approx(1)
    assert got["recall"][0] == pytest.approx(0.5)


def test_only_the_first_k_count() -> None:
    got = at([[1, 2, 3]], truth([3]), 2)
    assert all(value[0] == 0 for value in got.values())
    assert at([[1, 2, 3]], truth([3]), 3)["mrr"][0] == pytest.approx(1 / 3)


def test_k_beyond_the_catalogue_and_short_lists() -> None:
    got = at([[3, -1, -1]], truth([3], n_items=4), 50)
    assert got["precision"][0] == pytest.approx(1 / 50)
    assert got["recall"][0] == got["ndcg"][0] == got["map"][0] == got["mrr"][0] == 1


def test_a_query_without_test_items_has_no_value() -> None:
    got = at([[0, 1], [0, 1]], truth([], [0]), 2)
    assert all(np.isnan(value[0]) and not np.isnan(value[1]) for value in got.values())


def test_empty_lists() -> None:
    empty = ranking_metrics(np.empty((2, 0), dtype=np.int32), truth([1], [2]), ks=[5])
    assert all((value == 0).all() for value in empty.values())


def test_padding_is_never_a_hit() -> None:
    # -1 in row 1 must not meet the last item of row 0.
    assert not hits(np.array([[-1], [-1]], dtype=np.int32), truth([9], [9])).found.any()


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, Histories, int]:
    n = draw(st.integers(2, 12))
    q = draw(st.integers(1, 5))
    length = draw(st.integers(1, n))
    lists = np.array([draw(st.permutations(range(n)))[:length] for _ in range(q)], dtype=np.int32)
    rows = [draw(st.lists(st.integers(0, n - 1), unique=True, min_size=1)) for _ in range(q)]
    return lists, truth(*rows, n_items=n), draw(st.integers(1, n + 3))


@given(cases())
def test_bounded(case: tuple[np.ndarray, Histories, int]) -> None:
    lists, test, k = case
    for values in ranking_metrics(lists, test, ks=[k]).values():
        assert ((values >= 0) & (values <= 1 + 1e-12)).all()


@given(cases(), st.randoms(use_true_random=False))
def test_names_of_items_do_not_matter(case: tuple[np.ndarray, Histories, int], random) -> None:
    lists, test, k = case
    new = np.array(random.sample(range(test.n_items), test.n_items), dtype=np.int32)
    renamed = Histories(test.indptr, new[test.items], test.weights, test.n_items)
    before = ranking_metrics(lists, test, ks=[k])
    after = ranking_metrics(new[lists], renamed, ks=[k])
    for name, values in before.items():
        np.testing.assert_allclose(values, after[name])


@given(cases())
def test_a_longer_look_finds_no_less(case: tuple[np.ndarray, Histories, int]) -> None:
    lists, test, k = case
    marked = hits(lists, test)
    for name in ("hr", "recall", "mrr"):
        assert (RANKING[name](marked, k + 1) >= RANKING[name](marked, k)).all()


@given(cases())
def test_moving_a_hit_up_never_harms(case: tuple[np.ndarray, Histories, int]) -> None:
    lists, test, k = case
    before = hits(lists, test)
    better = np.array(
        [row[np.argsort(~f, kind="stable")] for row, f in zip(lists, before.found, strict=True)]
    )
    after = hits(better, test)
    for metric in RANKING.values():
        assert (metric(after, k) >= metric(before, k) - 1e-12).all()


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_ndcg_agrees_with_scikit_learn(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.permuted(np.tile(np.arange(12.0), (4, 1)), axis=1)
    relevant = rng.random((4, 12)) < 0.3
    relevant[:, 0] = True
    lists = np.argsort(-scores, axis=1).astype(np.int32)
    test = truth(*[list(np.flatnonzero(r)) for r in relevant], n_items=12)
    expected = [ndcg_score(relevant[i : i + 1], scores[i : i + 1], k=k) for i in range(4)]
    np.testing.assert_allclose(at(lists.tolist(), test, k)["ndcg"], expected)


@settings(max_examples=50)
@given(st.integers(0, 10_000))
def test_auc_agrees_with_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 5, size=(4, 12)).astype(np.float32)
    relevant = rng.random((4, 12)) < 0.3
    relevant[:, 0], relevant[:, 1] = True, False
    scores[:, 2] = -np.inf
    relevant[:, 2] = False
    test = truth(*[list(np.flatnonzero(r)) for r in relevant], n_items=12)
    open_ = np.arange(12) != 2
    expected = [roc_auc_score(relevant[i, open_], scores[i, open_]) for i in range(4)]
    np.testing.assert_allclose(auc(scores, test), expected)


def test_auc_without_anything_to_compare_is_undefined() -> None:
    scores = np.array([[1, -np.inf], [1, 2]], dtype=np.float32)
    assert np.isnan(auc(scores, truth([0], [0, 1], n_items=2))).all()
