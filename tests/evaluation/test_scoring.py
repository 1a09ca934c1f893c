"""Lists of everybody, measured in chunks."""

from __future__ import annotations

import numpy as np
import pytest

from zhiyin.core.candidates import Queries
from zhiyin.core.histories import Histories, histories_from_columns
from zhiyin.core.metrics import category_vectors
from zhiyin.evaluation import scoring
from zhiyin.evaluation.scoring import Catalogue, evaluate_scorer

N = 6


def rows(*items: list[int]) -> Histories:
    users = np.repeat(np.arange(len(items)), [len(i) for i in items])
    flat = np.array([i for row in items for i in row], dtype=np.int32)
    order = np.arange(len(flat), dtype=np.int64)
    return histories_from_columns(
        users, flat, np.ones(len(flat)), n_users=len(items), n_items=N, order=order
    )


def ask(histories: Histories) -> Queries:
    return Queries(histories, np.arange(len(histories), dtype=np.int32))


def catalogue(**more) -> Catalogue:
    users = np.array([4, 3, 2, 1, 1, 0])
    return Catalogue(np.arange(N, dtype=np.int32), users, 4, **more)


def by_number(queries: Queries) -> np.ndarray:
    """The smaller the item, the better."""
    return np.tile(-np.arange(N, dtype=np.float32), (len(queries), 1))


def test_worked_by_hand() -> None:
    found = evaluate_scorer(
        by_number, ask(rows([0], [1], [5])), rows([1, 5], [], [3]), ks=[1, 2], catalogue=catalogue()
    )
    # User 0 sees 1 2 3 4 5, user 2 sees 0 1 2 3 4; user 1 has nothing to find.
    assert found.rows.tolist() == [0, 2]
    assert found.per_user["hr@1"].tolist() == [1, 0]
    assert found.per_user["recall@2"].tolist() == [0.5, 0]
    assert found.per_user["auc"].tolist() == [0.5, 0.25]
    assert found.per_user["novelty@1"] == pytest.approx([-np.log2(3 / 4), 0])
    assert found.metrics["hr@1"] == 0.5
    assert found.metrics["coverage@1"] == pytest.approx(2 / 6)
    assert found.metrics["coverage@2"] == pytest.approx(3 / 6)
    assert 0 < found.metrics["gini@2"] < 1
    assert found.recommend_s >= 0


def test_only_allowed_items_compete() -> None:
    allowed = np.array([0, 0, 0, 1, 1, 1], dtype=bool)
    found = evaluate_scorer(
        by_number, ask(rows([3])), rows([4]), ks=[1], catalogue=catalogue(), allowed=allowed
    )
    assert found.metrics["mrr@1"] == 1
    assert found.metrics["coverage@1"] == pytest.approx(1 / 3)
    assert found.metrics["auc"] == 1


def test_k_beyond_the_catalogue() -> None:
    found = evaluate_scorer(
        by_number, ask(rows([0, 1, 2, 3])), rows([5]), ks=[50], catalogue=catalogue()
    )
    assert found.metrics["hr@50"] == 1
    assert found.metrics["mrr@50"] == 0.5


def test_diversity_where_items_are_described() -> None:
    pairs = (np.array([0, 0, 1], dtype=np.int32), np.array([1, 2, 3], dtype=np.int32))
    vectors = category_vectors(pairs, n_items=N, n_categories=2)
    found = evaluate_scorer(
        by_number, ask(rows([0])), rows([1]), ks=[2, 3], catalogue=catalogue(vectors=vectors)
    )
    assert found.metrics["diversity@2"] == pytest.approx(0)
    assert found.metrics["diversity@3"] == pytest.approx(2 / 3)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    past = rows(*[list(rng.permutation(N)[:2]) for _ in range(30)])
    test = rows(*[[int(rng.integers(N))] for _ in range(30)])
    weights = rng.random((N, N)).astype(np.float32)
    sizes: list[int] = []

    def score(queries: Queries) -> np.ndarray:
        sizes.append(len(queries))
        return queries.histories.matrix() @ weights

    def run() -> scoring.Evaluation:
        return evaluate_scorer(score, ask(past), test, ks=[3], catalogue=catalogue())

    whole = run()
    assert sizes == [30]
    monkeypatch.setattr(scoring, "_CHUNK_BYTES", 4 * N * 7)
    sizes.clear()
    parts = run()
    assert sizes == [7, 7, 7, 7, 2]
    for name, values in whole.per_user.items():
        np.testing.assert_allclose(parts.per_user[name], values)
    assert parts.of_lists == whole.of_lists


def test_scores_that_cannot_be_written_are_copied() -> None:
    fixed = by_number(ask(rows([0])))
    fixed.setflags(write=False)
    found = evaluate_scorer(
        lambda _: fixed, ask(rows([0])), rows([1]), ks=[1], catalogue=catalogue()
    )
    assert found.metrics["hr@1"] == 1
    assert np.isfinite(fixed).all()


def test_nobody_to_ask() -> None:
    found = evaluate_scorer(by_number, ask(rows([0])), rows([]), ks=[1], catalogue=catalogue())
    assert found.metrics == {}
    assert len(found.rows) == 0
