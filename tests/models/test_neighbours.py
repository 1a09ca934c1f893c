"""Neighbours against brute force, weights by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances

from zhiyin.core import products
from zhiyin.core.candidates import Queries
from zhiyin.models.neighbours import item_knn
from zhiyin.models.neighbours.item_knn import ItemKnnConfig, ItemKnnRetriever
from zhiyin.models.neighbours.similarity import Moments, Terms, likeness
from zhiyin.models.neighbours.user_knn import UserKnnConfig, UserKnnRetriever
from zhiyin.testing.logs import dense, fit, history, random_log, scores_of


def brute(rows: np.ndarray, others: np.ndarray, how: str) -> np.ndarray:
    """Likeness by trusted libraries, 0 where nothing is shared."""
    if how == "cosine":
        alike = cosine_similarity(rows, others)
    elif how == "euclidean":
        alike = 1.0 / (1.0 + euclidean_distances(rows, others))
    elif how == "pearson":
        alike = np.array([[np.corrcoef(a, b)[0, 1] for b in others] for a in rows])
    else:
        alike = rows @ others.T
    return np.where(rows @ others.T == 0, 0.0, np.nan_to_num(alike))


@pytest.mark.parametrize("how", ["cosine", "pearson", "euclidean", "dot"])
@given(
    rows=st.lists(
        st.lists(st.sampled_from([0.0, 0.0, 1.0, 2.5]), min_size=7, max_size=7),
        min_size=2,
        max_size=6,
    )
)
@settings(max_examples=40, deadline=None)
def test_likeness_agrees_with_brute_force(how, rows):
    matrix = np.array(rows)
    matrix[:, 0] += 0.25  # a constant row has no correlation
    matrix[:, 1] += np.arange(len(matrix))
    sparse = csr_matrix(matrix.astype(np.float32))
    moments = Moments.of(sparse)
    result = likeness((sparse @ sparse.T).toarray(), moments.column, moments, how=how, width=7)
    np.testing.assert_allclose(result, brute(matrix, matrix, how), rtol=2e-3, atol=2e-3)


def test_tf_idf_by_hand():
    # 4 documents; term 0 is in two of them, term 1 in one, term 2 in none.
    documents = csr_matrix(np.array([[4.0, 1, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]], np.float32))
    terms = Terms.of(documents)
    np.testing.assert_allclose(terms.rarity, np.log([4 / 3, 4 / 2, 4 / 1]), rtol=1e-6)
    weighed = terms.weigh(documents, how="tf-idf", k1=1.2, b=0.75).toarray()
    np.testing.assert_allclose(weighed[0], [2 * np.log(4 / 3), np.log(2), 0], rtol=1e-6)


def test_bm25_by_hand():
    documents = csr_matrix(np.array([[4.0, 1, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]], np.float32))
    terms = Terms.of(documents)
    assert terms.mean_length == 6 / 4
    weighed = terms.weigh(documents, how="bm25", k1=2.0, b=0.5).toarray()
    norm = 1 - 0.5 + 0.5 * 5 / 1.5  # the first document's length is 5
    expected = [
        4 * 3 / (2 * norm + 4) * np.log(4 / 3),
        1 * 3 / (2 * norm + 1) * np.log(2),
        0,
    ]
    np.testing.assert_allclose(weighed[0], expected, rtol=1e-6)


def test_negative_feedback_keeps_its_sign_when_weighed():
    terms = Terms.of(csr_matrix(np.eye(3, dtype=np.float32)))
    query = csr_matrix(np.array([[-4.0, 1.0, 0.0]], np.float32))
    for how in ("tf-idf", "bm25"):
        weighed = terms.weigh(query, how=how, k1=1.2, b=0.75).toarray()[0]
        assert weighed[0] < 0 < weighed[1]


@pytest.mark.parametrize("how", ["cosine", "pearson", "euclidean"])
@pytest.mark.parametrize("shrinkage", [0.0, 5.0])
def test_items_find_the_neighbours_that_brute_force_finds(how, shrinkage):
    log = random_log(weighted=True)
    config = ItemKnnConfig(neighbours=4, similarity=how, shrinkage=shrinkage, power=2.0)
    model = fit(ItemKnnRetriever(config), log)
    items = dense(log).T
    alike = brute(items, items, how)
    shared = (items > 0).astype(float) @ (items > 0).T
    alike *= shared / (shared + shrinkage) if shrinkage else 1.0
    np.fill_diagonal(alike, 0.0)
    cut = np.sort(alike, axis=1)[:, -4][:, None]
    kept = np.where((alike >= cut) & (alike > 0), alike, 0.0) ** 2
    found = model.similar(np.arange(25, dtype=np.int32))
    assert ((found > 0).sum(axis=1) <= 4).all()
    # Ties at the cut may fall either way; what was kept has the right value.
    np.testing.assert_allclose(found[found > 0], kept[found > 0], rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(
        found.sum(axis=1), np.sort(kept, axis=1)[:, -4:].sum(axis=1), rtol=1e-3
    )


@pytest.mark.parametrize("how", ["cosine", "dot", "pearson", "euclidean"])
@pytest.mark.parametrize("weighting", ["none", "bm25"])
@pytest.mark.parametrize("shrinkage", [0.0, 10.0])
def test_a_sparse_log_gives_the_same_neighbours_by_pairs(monkeypatch, how, weighting, shrinkage):
    log = random_log(weighted=True)
    config = ItemKnnConfig(
        similarity=how, weighting=weighting, shrinkage=shrinkage, neighbours=25, power=2.0
    )
    found = []
    for few in (True, False):
        monkeypatch.setattr(item_knn, "few_pairs", lambda _rows, few=few: few)
        monkeypatch.setattr(products, "_PAIRS", 50)
        model = fit(ItemKnnRetriever(config), log)
        found.append(model.similar(np.arange(25, dtype=np.int32)))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-3, atol=1e-6)
    assert found[0].any()


def test_items_add_up_over_the_faded_history():
    model = fit(ItemKnnRetriever(ItemKnnConfig(query_decay=2.0)), random_log())
    one, two = model.similar(np.array([3, 5], dtype=np.int32))
    expected = np.exp(-0.5) * one - two
    scores = scores_of(model, history([3, 5], 25, [1.0, -1.0]))[0]
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("how", ["cosine", "pearson", "euclidean"])
def test_users_vote_with_their_likeness(how):
    log = random_log(weighted=True)
    model = fit(UserKnnRetriever(UserKnnConfig(neighbours=1000, similarity=how)), log)
    rows = dense(log)
    query = random_log(9, q=5, events=40)
    alike = np.maximum(brute(dense(query), rows, how), 0.0)
    np.testing.assert_allclose(scores_of(model, query), alike @ rows, rtol=5e-3, atol=1e-4)


def test_known_users_are_not_their_own_neighbours():
    log = random_log()
    model = fit(UserKnnRetriever(), log)
    near = model.neighbours(Queries(log, np.arange(60, dtype=np.int32))).toarray()
    assert not near.diagonal().any()
    stranger = model.neighbours(Queries(log, np.full(60, -1, np.int32))).toarray()
    active = log.lengths > 0
    np.testing.assert_allclose(stranger.diagonal()[active], 1.0, rtol=1e-5)


def test_users_keep_only_the_nearest():
    log = random_log()
    model = fit(UserKnnRetriever(UserKnnConfig(neighbours=3)), log)
    near = model.neighbours(Queries(log, np.arange(60, dtype=np.int32)))
    assert np.diff(near.indptr).max() == 3
    everyone = fit(UserKnnRetriever(UserKnnConfig(neighbours=99)), log)
    full = everyone.neighbours(Queries(log, np.arange(60, dtype=np.int32))).toarray()
    best = np.sort(full, axis=1)[:, -3:]
    np.testing.assert_allclose(np.sort(near.toarray(), axis=1)[:, -3:], best, rtol=1e-5)


def test_users_item_likeness_is_the_cosine():
    log = random_log()
    items = dense(log).T
    model = fit(UserKnnRetriever(), log)
    alike = model.similar(np.arange(25, dtype=np.int32))
    np.testing.assert_allclose(alike, cosine_similarity(items), rtol=1e-4, atol=1e-5)
