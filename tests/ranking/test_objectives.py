"""Gradients and Hessians against finite differences, and against LightGBM's own."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.ranking.graded import graded_ndcg
from zhiyin.ranking.groups import groups_of, ranges_as_pairs
from zhiyin.ranking.objectives import (
    LambdaRankObjective,
    ListNetObjective,
    PairwiseObjective,
    per_row,
)

LENGTHS = np.array([7, 1, 5, 0, 9, 2])
INDPTR = np.concatenate([[0], np.cumsum(LENGTHS)]).astype(np.int64)
ROWS = int(INDPTR[-1])


def case(seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, ROWS).astype(np.float64)
    return labels, rng.normal(size=ROWS), rng.random(ROWS) + 0.5


def differences(function, scores, step=1e-5):
    """The derivative of a function by each score, along axis 0."""
    rows = []
    for at in range(len(scores)):
        up, down = scores.copy(), scores.copy()
        up[at] += step
        down[at] -= step
        rows.append((function(up) - function(down)) / (2 * step))
    return np.array(rows)


LABELS, _, WEIGHTS = case()
WITH_LOSS = {
    "listnet": ListNetObjective(LABELS, INDPTR),
    "listnet weighted": ListNetObjective(LABELS, INDPTR, weights=WEIGHTS),
    "listnet share": ListNetObjective(LABELS, INDPTR, weights=WEIGHTS, target="share"),
    "pairwise": PairwiseObjective(LABELS, INDPTR),
    "pairwise steep": PairwiseObjective(LABELS, INDPTR, weights=WEIGHTS, sigma=1.7),
    "pairwise per query": PairwiseObjective(LABELS, INDPTR, per_query=True),
}


@pytest.mark.parametrize("objective", WITH_LOSS.values(), ids=WITH_LOSS.keys())
@pytest.mark.parametrize("seed", [1, 2])
def test_gradients_are_those_of_the_loss(objective, seed):
    _, scores, _ = case(seed)
    gradient, hessian = objective.gradients(scores)
    np.testing.assert_allclose(gradient, differences(objective.loss, scores), atol=1e-8)
    jacobian = differences(lambda s: objective.gradients(s)[0], scores)
    np.testing.assert_allclose(hessian, np.diag(jacobian), atol=1e-8)
    assert gradient.dtype == hessian.dtype == np.float64


@pytest.mark.parametrize("gain", ["exponential", "linear"])
@pytest.mark.parametrize("truncation", [2, 30])
def test_lambdas_are_those_of_the_surrogate(truncation, gain):
    labels, scores, weights = case(3)
    objective = LambdaRankObjective(
        labels, INDPTR, weights=weights, truncation=truncation, sigma=1.3, gain=gain
    )
    gradient, hessian = objective.gradients(scores)
    held = differences(lambda s: objective.loss(s, at=scores), scores)
    np.testing.assert_allclose(gradient, held, atol=1e-8)
    assert (hessian >= 0).all()
    assert np.abs(gradient).sum() > 0.1


def lightgbm_leaf(labels, scores, row, *, l2, parameters):
    """-gradient / (hessian + l2) of one row, as LightGBM's lambdarank has it.

    A tree with one split, on a feature that only this row has, puts the row into a leaf of its
    own. Further queries of one row, which have no gradient, keep LightGBM from counting that
    leaf as empty.
    """
    more = 2000
    features = np.zeros((len(labels) + more, 1))
    features[row] = 1.0
    parameters = parameters | {
        "objective": "lambdarank",
        "num_leaves": 2,
        "min_data_in_leaf": 0,
        "min_sum_hessian_in_leaf": 0,
        "min_data_in_bin": 1,
        "feature_pre_filter": False,
        "lambda_l2": l2,
        "learning_rate": 1.0,
        "num_threads": 1,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(
        features,
        label=np.append(labels, np.zeros(more)),
        init_score=np.append(scores, np.zeros(more)),
        group=np.append(LENGTHS[LENGTHS > 0], np.ones(more, dtype=int)),
        params=parameters,
    )
    booster = lightgbm.train(parameters, data, 1)
    return booster.predict(features[row : row + 1], raw_score=True)[0]


@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize("truncation", [3, 30])
def test_lambdas_are_lightgbms(truncation, normalise):
    labels, scores, _ = case(4)
    objective = LambdaRankObjective(
        labels, INDPTR, truncation=truncation, sigma=0.9, normalise=normalise
    )
    gradient, hessian = objective.gradients(scores)
    parameters = {
        "lambdarank_truncation_level": truncation,
        "lambdarank_norm": normalise,
        "sigmoid": 0.9,
    }
    for l2 in (1.0, 10.0):
        theirs = [
            lightgbm_leaf(labels, scores, row, l2=l2, parameters=parameters) for row in range(ROWS)
        ]
        # Theirs are float32, with a table of 1,048,576 values for the logistic function.
        np.testing.assert_allclose(-gradient / (hessian + l2), theirs, atol=1e-5)


def test_listnet_by_hand():
    # Scores log 1, log 3: q = 1/4, 3/4. Labels 0, log 2: p = 1/3, 2/3.
    objective = ListNetObjective(np.log([1.0, 2.0]), np.array([0, 2]))
    scores = np.log([1.0, 3.0])
    loss = -(1 / 3 * np.log(1 / 4) + 2 / 3 * np.log(3 / 4))
    assert objective.loss(scores) == pytest.approx(loss)
    gradient, hessian = objective.gradients(scores)
    np.testing.assert_allclose(gradient, [1 / 4 - 1 / 3, 3 / 4 - 2 / 3])
    np.testing.assert_allclose(hessian, [3 / 16, 3 / 16])


def test_pairwise_by_hand():
    # One pair, a margin of log 3 in the right order: the wrong one has probability 1/4.
    objective = PairwiseObjective(np.array([0.0, 2.0]), np.array([0, 2]))
    gradient, hessian = objective.gradients(np.log([1.0, 3.0]))
    np.testing.assert_allclose(gradient, [1 / 4, -1 / 4])
    np.testing.assert_allclose(hessian, [3 / 16, 3 / 16])


def test_lambdarank_by_hand():
    # The relevant row stands second of two: swapping gains 1 - 1/log2(3) of an ideal of 1.
    objective = LambdaRankObjective(np.array([0.0, 1.0]), np.array([0, 2]))
    gradient, _ = objective.gradients(np.array([0.0, -np.log(3.0)]))
    expected = (1 - 1 / np.log2(3)) * 3 / 4
    np.testing.assert_allclose(gradient, [expected, -expected])


@pytest.mark.parametrize("name", ["softmax", "share", "pairwise", "lambdarank"])
def test_nothing_to_learn_is_zero(name):
    indptr = np.array([0, 1, 4, 4])
    labels = np.array([2.0, 0.0, 0.0, 0.0])
    objective = {
        "softmax": lambda: ListNetObjective(np.ones(4), indptr),
        "share": lambda: ListNetObjective(labels, indptr, target="share"),
        "pairwise": lambda: PairwiseObjective(labels, indptr),
        "lambdarank": lambda: LambdaRankObjective(labels, indptr, normalise=True),
    }[name]()
    gradient, hessian = objective.gradients(np.zeros(4))
    np.testing.assert_allclose(gradient, 0, atol=1e-15)
    assert np.isfinite(hessian).all()


def test_large_scores_stay_finite():
    labels, scores, _ = case(5)
    for objective in (*WITH_LOSS.values(), LambdaRankObjective(labels, INDPTR, normalise=True)):
        gradient, hessian = objective.gradients(1e4 * scores)
        assert np.isfinite(gradient).all()
        assert np.isfinite(hessian).all()
        assert np.isfinite(objective.loss(1e4 * scores))


def test_no_rows():
    empty, indptr = np.zeros(0), np.zeros(3, dtype=np.int64)
    for kind in (ListNetObjective, PairwiseObjective, LambdaRankObjective):
        gradient, hessian = kind(empty, indptr).gradients(empty)
        assert gradient.shape == hessian.shape == (0,)


def test_chunks_do_not_matter():
    begins = np.array([3, 0, 5, 5, 1])
    ends = np.array([7, 0, 6, 9, 9])
    wanted = [(i, j) for i in range(5) for j in range(begins[i], ends[i])]
    for at_once in (1, 2, 5, 8, 1000):
        chunks = list(ranges_as_pairs(begins, ends, at_once=at_once))
        found = [(int(i), int(j)) for left, right in chunks for i, j in zip(left, right, strict=1)]
        assert found == wanted
        assert all(len(left) < at_once + 8 for left, _ in chunks)
    assert list(ranges_as_pairs(begins[:0], ends[:0])) == []


def test_chunks_do_not_change_gradients(monkeypatch):
    labels, scores, weights = case(6)
    plain = PairwiseObjective(labels, INDPTR, weights=weights).gradients(scores)
    monkeypatch.setattr(ranges_as_pairs, "__kwdefaults__", {"at_once": 3})
    chunked = PairwiseObjective(labels, INDPTR, weights=weights).gradients(scores)
    np.testing.assert_allclose(chunked, plain)


def test_every_query_counts_alike_per_row():
    labels, scores, _ = case(7)
    objective = PairwiseObjective(labels, INDPTR, per_query=True)
    scale = ROWS / np.count_nonzero(LENGTHS)
    scaled = per_row(objective, INDPTR)(scores, None)
    np.testing.assert_allclose(scaled, scale * np.array(objective(scores)))


def ndcg_of_orders(scores, labels, k):
    """The mean NDCG over all orders that the scores allow, by enumeration."""
    rng = np.random.default_rng(0)
    gains = 2.0**labels - 1
    discounts = np.where(np.arange(len(labels)) < k, 1 / np.log2(np.arange(len(labels)) + 2), 0)
    best = np.sort(gains)[::-1] @ discounts
    drawn = [np.lexsort((rng.random(len(labels)), -scores)) for _ in range(20_000)]
    return float(np.mean([gains[order] @ discounts for order in drawn]) / best)


def test_graded_ndcg_is_the_expectation_over_ties():
    scores = np.array([1.0, 1.0, 0.5, 0.5, 0.5, 0.0])
    labels = np.array([0.0, 2.0, 1.0, 0.0, 3.0, 0.0])
    value = graded_ndcg(scores, labels, np.array([0, 6]), k=4)
    # The mean of 20,000 draws is within 0.003 of it in 99.9 % of all cases.
    assert value[0] == pytest.approx(ndcg_of_orders(scores, labels, 4), abs=0.003)


def test_graded_ndcg_by_hand():
    indptr = np.array([0, 3, 3, 5])
    values = graded_ndcg(np.array([3.0, 2, 1, 0, 1]), np.array([0.0, 1, 2, 0, 0]), indptr, k=2)
    ideal = 3 + 1 / np.log2(3)
    np.testing.assert_allclose(values, [1 / np.log2(3) / ideal, np.nan, np.nan])


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=30), st.integers(0, 2**31), st.integers(1, 9)
)
def test_graded_ndcg_is_bounded_and_blind_to_row_order(labels, seed, k):
    rng = np.random.default_rng(seed)
    values = np.array(labels, dtype=np.float64)
    scores = rng.integers(0, 4, len(values)).astype(np.float64)
    indptr = np.array([0, len(values)])
    (plain,) = graded_ndcg(scores, values, indptr, k=k)
    order = rng.permutation(len(values))
    (again,) = graded_ndcg(scores[order], values[order], indptr, k=k)
    assert np.isnan(plain) == (values.max() == 0)
    np.testing.assert_allclose(again, plain)
    assert np.isnan(plain) or 0 <= plain <= 1 + 1e-12


def test_groups_pass_over_empty_queries():
    groups = groups_of(np.array([0, 0, 2, 2, 3]))
    assert groups.starts.tolist() == [0, 2]
    assert groups.sums(np.array([1.0, 2.0, 5.0])).tolist() == [3.0, 5.0]
    assert groups.places().tolist() == [0, 1, 0]
