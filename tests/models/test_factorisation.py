"""iALS and BPR against implicit, and fold-in against the normal equations."""

import numpy as np
import pytest
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import empty_histories
from zhiyin.models.factorisation.bpr import BprConfig, BprRetriever
from zhiyin.models.factorisation.fold_in import fold_in
from zhiyin.models.factorisation.ials import IalsConfig, IalsRetriever
from zhiyin.testing.logs import dense, fit, history, random_log, scores_of
from zhiyin.testing.planted import hit_rate, planted, queries_of, train

SMALL = IalsConfig(factors=6, l2=0.7, alpha=3.0, num_threads=1)


def test_fold_in_agrees_with_implicit():
    log = random_log(weighted=True)
    model = fit(IalsRetriever(SMALL), log)
    judge = AlternatingLeastSquares(factors=6, regularization=0.7, num_threads=1)
    judge.item_factors = model.state()["items"]
    matrix = log.matrix()
    matrix.data = 1.0 + 3.0 * matrix.data
    exact = judge.recalculate_user(np.arange(60), csr_matrix(matrix))
    np.testing.assert_allclose(model.users(log), exact, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("decay", [None, 3.0])
def test_fold_in_solves_the_normal_equations(decay):
    rng = np.random.default_rng(1)
    items = rng.normal(size=(25, 4)).astype(np.float32)
    log = random_log(2, q=30, events=300)
    log.weights[::5] = -1.0
    users = fold_in(log, items=items, gram=items.T @ items, l2=0.5, alpha=2.0, decay=decay)
    wide = items.astype(np.float64)
    for row, weights in enumerate(dense(log, decay)):
        left = wide.T @ wide + 0.5 * np.eye(4) + (wide.T * (2.0 * np.abs(weights))) @ wide
        right = wide.T @ (3.0 * np.maximum(weights, 0.0))
        np.testing.assert_allclose(users[row], np.linalg.solve(left, right), rtol=1e-3, atol=1e-4)


def test_fold_in_of_nobody_and_of_nothing():
    items = np.ones((5, 3), dtype=np.float32)
    users = fold_in(empty_histories(4, 5), items=items, gram=items.T @ items, l2=1.0, alpha=1.0)
    assert users.shape == (4, 3)
    assert not users.any()


def test_disliked_items_are_certain_absences():
    model = fit(IalsRetriever(SMALL), random_log())
    scores = scores_of(model, history([3, 7], 25))[0]
    disliked = scores_of(model, history([3, 7], 25, [1.0, -1.0]))[0]
    assert disliked[7] < scores[7]


def test_threads_do_not_change_ials():
    log = random_log()
    one = fit(IalsRetriever(SMALL), log)
    two = fit(IalsRetriever(SMALL.model_copy(update={"num_threads": 2})), log)
    np.testing.assert_allclose(two.state()["items"], one.state()["items"], rtol=1e-4, atol=1e-6)


def test_deadline_ends_the_sweeps():
    data = planted().data
    whole, short = (IalsRetriever(SMALL.model_copy(update={"iterations": n})) for n in (200, 1))
    ended = train(whole, data, seconds=0).score(queries_of(data.histories))
    once = train(short, data).score(queries_of(data.histories))
    assert np.array_equal(ended, once)


def test_bpr_serves_known_users_by_what_it_learned():
    case = planted()
    model = train(BprRetriever(BprConfig(factors=8)), case.data)
    state, scores = model.state(), model.score(queries_of(case.data.histories))
    rows = dense(case.data.histories)
    means = rows @ state["items"] / rows.sum(axis=1, keepdims=True)
    learned = state["beyond"] + state["scale"] * means
    np.testing.assert_allclose(
        scores, learned @ state["items"].T + state["bias"], rtol=1e-3, atol=1e-4
    )


def test_bpr_learns():
    case = planted()
    early = train(BprRetriever(BprConfig(factors=8, iterations=1)), case.data)
    late = train(BprRetriever(BprConfig(factors=8, iterations=60)), case.data)
    assert hit_rate(early, case) < 0.4 < 0.58 < hit_rate(late, case)  # measured .25 and .667


def test_bpr_serves_strangers_from_their_history():
    case = planted()
    model = train(BprRetriever(BprConfig(factors=8)), case.data)
    nobody = Queries(case.data.histories, np.full(len(case.data.histories), -1, np.int32))
    best = np.argsort(-model.score(nobody), axis=1)[:, :10]
    taste = case.following // 24
    assert (best // 24 == taste[:, None]).mean() > 0.5  # chance .17


def test_bpr_without_a_single_like():
    data = TrainingData(empty_histories(3, 4))
    model = BprRetriever().fit(data, rng=np.random.default_rng(0), deadline=Deadline(1))
    assert not model.score(queries_of(data.histories)).any()
