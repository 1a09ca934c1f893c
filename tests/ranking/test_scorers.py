"""What the conformance suite does not ask of each scorer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from zhiyin.core.clock import Deadline
from zhiyin.core.errors import ArtifactError, DataError, ZhiyinError
from zhiyin.core.protocols import RankingData
from zhiyin.core.registry import load_path
from zhiyin.ranking.binary import BinaryConfig, BinaryScorer
from zhiyin.ranking.feature_names import from_bytes
from zhiyin.ranking.grades import LEVELS, Grades
from zhiyin.ranking.lambdarank import LambdaRankConfig, LambdaRankScorer
from zhiyin.ranking.leaf_masks import leaf_masks
from zhiyin.ranking.linear import LinearConfig, LinearScorer
from zhiyin.ranking.logistic import LogisticConfig, LogisticScorer
from zhiyin.ranking.objectives import PairwiseObjective
from zhiyin.ranking.row_order import settled
from zhiyin.testing.rankers import planted_rankings, shuffled_within


def fit(scorer, data, **more):
    return scorer.fit(data, rng=np.random.default_rng(0), deadline=Deadline(60), **more)


def lambdarank(**settings):
    return LambdaRankScorer(LambdaRankConfig(**{"threads": 1, **settings}))


# leaf masks


@pytest.mark.parametrize("leaves", [2, 8, 9, 16, 31, 63, 64])
def test_leaf_masks_are_lightgbms_trees(leaves):
    rng = np.random.default_rng(leaves)
    data = planted_rankings(queries=300)
    scorer = fit(lambdarank(trees=20, leaves=leaves, min_rows=2), data)
    masks = leaf_masks(scorer._text, width=5)
    assert masks is not None
    asked = rng.normal(size=(700, 5)).astype(np.float32)
    # Values at thresholds, and all that is not a number.
    asked[:300] = data.features[:300]
    asked[rng.random(asked.shape) < 0.1] = np.nan
    asked[rng.random(asked.shape) < 0.05] = np.inf
    asked[rng.random(asked.shape) < 0.05] = -np.inf
    asked[rng.random(asked.shape) < 0.05] = 0.0
    asked[rng.random(asked.shape) < 0.05] = -0.0
    theirs = scorer._booster.predict(asked, raw_score=True, num_threads=1)
    np.testing.assert_allclose(masks.score(asked), theirs, rtol=1e-12, atol=1e-12)
    alike = np.repeat(asked[5:6], 9, axis=0)
    np.testing.assert_allclose(masks.score(alike), np.repeat(theirs[5], 9), atol=1e-12)


def test_nan_without_nan_in_training_is_lightgbms():
    data = planted_rankings()
    data = replace(data, features=np.nan_to_num(data.features))
    scorer = fit(lambdarank(trees=20, leaves=15), data)
    asked = np.full((1, 5), np.nan, dtype=np.float32)
    theirs = scorer._booster.predict(asked, raw_score=True)
    np.testing.assert_allclose(scorer.score(asked), theirs, rtol=1e-6)


def test_wider_trees_are_left_to_lightgbm():
    data = planted_rankings(queries=300)
    scorer = fit(lambdarank(trees=3, leaves=65, min_rows=2), data)
    assert leaf_masks(scorer._text, width=5) is None
    theirs = scorer._booster.predict(data.features, raw_score=True)
    np.testing.assert_allclose(scorer.score(data.features), theirs, rtol=1e-6)


@pytest.mark.parametrize("threads", [1, 4])
def test_many_rows_score_as_few_do(threads):
    data = planted_rankings()
    scorer = fit(lambdarank(trees=10, leaves=7, threads=threads), data)
    many = np.tile(data.features, (20_000 // len(data.features) + 1, 1))
    scores = scorer.score(many)
    np.testing.assert_allclose(
        scores[: len(data.features)], scorer.score(data.features), rtol=1e-5, atol=1e-6
    )


# trees


def test_validation_ends_growing_early():
    data, held = planted_rankings(), planted_rankings(seed=9)
    scorer = fit(lambdarank(trees=200, leaves=31, patience=10), data, validation=held)
    grown = scorer._booster.num_trees()
    assert 1 <= grown < 150
    assert fit(lambdarank(trees=40), data)._booster.num_trees() == 40


def test_answer_is_not_learned_from_where_rows_lie():
    """Rows of noise, the relevant ones first: what is learned does not beat chance."""
    data = planted_rankings()
    order = np.lexsort((-data.labels, np.repeat(np.arange(len(data)), np.diff(data.indptr))))
    told = replace(data, features=data.features[order], labels=data.labels[order])
    plain, again = (fit(lambdarank(trees=10), each) for each in (data, told))
    assert np.array_equal(plain.score(data.features), again.score(data.features))


def test_settled_rows_are_the_same_rows():
    data = replace(
        planted_rankings(), weights=np.arange(len(planted_rankings().labels), dtype=np.float32)
    )
    first = settled(data, rng=np.random.default_rng(3))
    again = settled(shuffled_within(data), rng=np.random.default_rng(3))
    np.testing.assert_array_equal(first.features, again.features)
    np.testing.assert_array_equal(first.weights, again.weights)
    assert not np.array_equal(first.weights, data.weights)
    query = np.repeat(np.arange(len(data)), np.diff(data.indptr))
    np.testing.assert_array_equal(query[first.weights.astype(int)], query)


def test_long_queries_are_refused():
    features = np.zeros((10_001, 1), dtype=np.float32)
    labels = np.zeros(10_001, dtype=np.float32)
    data = RankingData(features, labels, np.array([0, 10_001]), ("a",))
    with pytest.raises(DataError, match="10,001 rows"):
        fit(lambdarank(), data)
    fit(BinaryScorer(BinaryConfig(trees=1, threads=1)), data)


def test_validation_with_other_features_is_refused():
    data = planted_rankings()
    other = replace(data, names=("match", "price", "rare", "noise", "day"))
    with pytest.raises(DataError, match="other features"):
        fit(lambdarank(), data, validation=other)


def test_damaged_trees_are_refused():
    state = fit(lambdarank(trees=2), planted_rankings()).state()
    for trees in (b"", b"nonsense", b"\xff\xfe"):
        damaged = state | {"trees": np.frombuffer(trees, dtype=np.uint8)}
        with pytest.raises(ArtifactError):
            lambdarank().restore(damaged)
    with pytest.raises(ArtifactError):
        from_bytes(np.frombuffer(b"[", dtype=np.uint8))


def test_grades_are_levels_with_gains():
    grades = Grades(np.array([0.0, 3.0, 1.0, 3.0], dtype=np.float32), gain="exponential")
    assert grades.gains == [0.0, 1.0, 7.0]
    labels = np.array([1.0, 3.0, 0.0, 2.5, 9.0], dtype=np.float32)
    assert grades.levels(labels).tolist() == [1, 2, 0, 1, 2]


def test_many_labels_share_levels():
    labels = np.arange(5000, dtype=np.float32)
    grades = Grades(labels, gain="linear")
    assert len(grades.gains) == LEVELS
    levels = grades.levels(labels)
    assert (np.diff(levels) >= 0).all()
    assert np.abs(np.array(grades.gains)[levels.astype(int)] - labels).max() < 20
    with pytest.raises(DataError, match="drown"):
        Grades(labels, gain="exponential")


def test_binary_and_logistic_give_probabilities():
    data = planted_rankings()
    for scorer in (BinaryScorer(BinaryConfig(trees=40, leaves=7, threads=1)), LogisticScorer()):
        p = fit(scorer, data).probabilities(data.features)
        assert ((p > 0) & (p < 1)).all()
        assert p.mean() == pytest.approx((data.labels > 0).mean(), abs=0.02)


def test_outcomes_may_begin_higher():
    data = planted_rankings()
    for scorer in (
        BinaryScorer(BinaryConfig(trees=40, leaves=7, threads=1, above=1.0)),
        LogisticScorer(LogisticConfig(above=1.0)),
    ):
        p = fit(scorer, data).probabilities(data.features)
        assert p.mean() == pytest.approx((data.labels > 1).mean(), abs=0.02)


# linear ones


def test_linear_is_least_squares_over_pairs():
    data = planted_rankings()
    data = replace(data, features=np.nan_to_num(data.features))
    coefficients = list(fit(LinearScorer(LinearConfig(l2=1e-12)), data).importances().values())
    x = (data.features - data.features.mean(0)) / data.features.std(0)
    left, right, weight = [], [], []
    for first, last in zip(data.indptr[:-1], data.indptr[1:], strict=True):
        for i in range(first, last):
            for j in range(first, i):
                left.append(x[i] - x[j])
                right.append(data.labels[i] - data.labels[j])
                weight.append(1 / np.sqrt(last - first))
    w = np.array(weight)
    oracle = np.linalg.lstsq(np.array(left)[:, :4] * w[:, None], np.array(right) * w, rcond=None)[0]
    np.testing.assert_allclose(coefficients[:4], oracle, atol=1e-5)
    assert coefficients[4] == pytest.approx(0, abs=1e-6)  # the hour, the same for all


def test_linear_over_all_rows_is_ridge():
    data = planted_rankings()
    data = replace(data, features=np.nan_to_num(data.features))
    scorer = fit(LinearScorer(LinearConfig(l2=0.1, within_queries=False)), data)
    x = (data.features - data.features.mean(0)) / data.features.std(0)
    y = data.labels - data.labels.mean()
    oracle = np.linalg.solve(x.T @ x / len(x) + 0.1 * np.eye(5), x.T @ y / len(x))
    np.testing.assert_allclose(list(scorer.importances().values()), oracle, atol=1e-5)
    np.testing.assert_allclose(
        scorer.score(data.features), x @ oracle + data.labels.mean(), atol=1e-4
    )


def test_logistic_is_at_its_minimum():
    data = planted_rankings()
    weights = np.random.default_rng(1).random(len(data.labels)).astype(np.float32)
    scorer = fit(LogisticScorer(LogisticConfig(l2=0.01)), replace(data, weights=weights))
    w = np.array(list(scorer.importances().values()))
    z = (data.features - scorer.state()["mean"]) / scorer.state()["scale"]
    z = np.where(np.isnan(z), 0.0, z)
    error = (data.labels > 0) - scorer.probabilities(data.features)
    share = weights / weights.sum()
    np.testing.assert_allclose(z.T @ (share * error), 0.01 * w, atol=1e-5)
    assert share @ error == pytest.approx(0, abs=1e-5)


def test_unknown_features_count_as_their_mean():
    data = planted_rankings()
    scorer = fit(LinearScorer(), data)
    mean = scorer.state()["mean"].astype(np.float32)[None]
    unknown = np.full_like(mean, np.nan)
    np.testing.assert_allclose(scorer.score(unknown), scorer.score(mean), atol=1e-5)


def test_far_features_count_as_ten_deviations():
    data = planted_rankings()
    scorer = fit(LinearScorer(), data)
    state = scorer.state()
    ten = (state["mean"] + 10 * state["scale"]).astype(np.float32)[None]
    beyond = np.full_like(ten, np.inf)
    np.testing.assert_allclose(scorer.score(beyond), scorer.score(ten), rtol=1e-5)


# data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": np.zeros((3, 2))}, "float32"),
        ({"features": np.zeros(3, dtype=np.float32)}, "float32"),
        ({"features": np.zeros((3, 0), dtype=np.float32), "names": ()}, "no features"),
        ({"features": np.array([[0, 1], [0, np.inf], [0, 0]], dtype=np.float32)}, "'b' is inf"),
        ({"labels": np.array([0, 1, -1], dtype=np.float32)}, "labels"),
        ({"labels": np.array([0, 1, np.nan], dtype=np.float32)}, "labels"),
        ({"labels": np.zeros(2, dtype=np.float32)}, "labels"),
        ({"weights": np.array([0, 1, -1], dtype=np.float32)}, "weights"),
        ({"indptr": np.array([0, 2])}, "divide 3 rows"),
        ({"indptr": np.array([0, 2, 1, 3])}, "divide 3 rows"),
        ({"indptr": np.array([], dtype=np.int64)}, "divide 3 rows"),
        ({"names": ("a",)}, "1 names"),
        ({"names": ("a", "a")}, "same name"),
    ],
)
def test_ranking_data_is_checked(change, message):
    good = {
        "features": np.zeros((3, 2), dtype=np.float32),
        "labels": np.zeros(3, dtype=np.float32),
        "indptr": np.array([0, 2, 3]),
        "names": ("a", "b"),
    }
    RankingData(**good)
    with pytest.raises(DataError, match=message):
        RankingData(**good | change)


def test_queries_are_taken_with_their_rows():
    data = planted_rankings()
    picked = data.take(np.array([5, 2]))
    rows = np.r_[data.indptr[5] : data.indptr[6], data.indptr[2] : data.indptr[3]]
    np.testing.assert_array_equal(picked.features, data.features[rows])
    np.testing.assert_array_equal(picked.labels, data.labels[rows])
    assert len(picked) == 2
    assert len(data.take(slice(0, 0)).labels) == 0
    assert PairwiseObjective(picked.labels, picked.indptr).loss(np.zeros(len(rows))) > 0


# what the system lacks


def test_missing_system_library_says_how_to_get_it(monkeypatch):
    def refuse(name):
        raise OSError("libgomp.so.1: cannot open shared object file: No such file or directory")

    monkeypatch.setattr("zhiyin.core.registry.import_module", refuse)
    with pytest.raises(ZhiyinError, match=r"lambdarank cannot be loaded.*libgomp1"):
        load_path("zhiyin.ranking.lambdarank:LambdaRankScorer")
