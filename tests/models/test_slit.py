"""SLIT, its two-sided twin and the sparse transitions against explicit sums."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from zhiyin.core.errors import TrainingError
from zhiyin.core.histories import Histories
from zhiyin.models.linear.local_slit import LocalSlitConfig, LocalSlitRetriever
from zhiyin.models.linear.slit import SlitConfig, SlitRetriever
from zhiyin.models.linear.solve import ridge_regression
from zhiyin.models.linear.transitions import transitions
from zhiyin.models.neighbours.markov import MarkovConfig, MarkovRetriever
from zhiyin.models.neighbours.state_knn import StateKnnConfig, StateKnnRetriever
from zhiyin.testing.logs import fit, history, random_log, scores_of


def pairs(log: Histories):
    """Every ordered pair of a user's events: lag, items, weights."""
    for start, stop in zip(log.indptr[:-1], log.indptr[1:], strict=True):
        for p in range(start, stop):
            for q in range(p + 1, stop):
                yield q - p, log.items[p], log.items[q], log.weights[p] * log.weights[q]


def counted(log: Histories, decay: float, horizon: int = 10**9) -> np.ndarray:
    total = np.zeros((log.n_items, log.n_items))
    for lag, a, b, weight in pairs(log):
        if lag <= horizon:
            total[a, b] += weight * np.exp(-(lag - 1) / decay)
    return total


def test_transitions_add_up_the_pairs():
    log = random_log(weighted=True)
    near, far = transitions(log, [1.5, 4.0], horizon=10)
    np.testing.assert_allclose(near, counted(log, 1.5, 9), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(far, counted(log, 4.0, 10), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("decays", [(1.0,), (0.7, 1.5)])
def test_slit_is_the_regression_of_the_next_item_on_the_past(decays):
    log = random_log(4, q=25, n=6, events=200, weighted=True)
    config = SlitConfig(decays=decays, l2=3.0, dropout=0.25, horizon=1000)
    weights = fit(SlitRetriever(config), log).state()["weights"]
    # Every row of S and T by hand; 60 empty steps after each user let the memory run out.
    past, following = [], []
    for start, stop in zip(log.indptr[:-1], log.indptr[1:], strict=True):
        memory = np.zeros((len(decays), 6))
        for place in range(start, stop + 60):
            memory *= np.exp(-1.0 / np.array(decays))[:, None]
            target = np.zeros(6)
            if place < stop:
                memory[:, log.items[place]] += log.weights[place]
            if place + 1 < stop:
                target[log.items[place + 1]] = log.weights[place + 1]
            past.append(memory.ravel().copy())
            following.append(target)
    s, t = np.array(past), np.array(following)
    products = s.T @ s
    ridge = 3.0 + 0.25 / 0.75 * np.diag(products)
    exact = np.linalg.solve(products + np.diag(ridge), s.T @ t)
    # Pairs further apart than 8 events or 6 decays are left out by the model.
    np.testing.assert_allclose(weights.reshape(-1, 6), exact, rtol=0.02, atol=2e-3)


def test_slit_adds_its_memories_up():
    model = fit(SlitRetriever(SlitConfig(decays=(1.0, 5.0), l2=1.0)), random_log())
    short, long = model.state()["weights"]
    expected = np.exp(-1.0) * short[3] + short[8] + np.exp(-0.2) * long[3] + long[8]
    scores = scores_of(model, history([3, 8], 25))[0]
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)
    last = model.similar(np.array([8], dtype=np.int32))[0]
    np.testing.assert_allclose(last, short[8] + long[8], rtol=1e-5)


def test_local_slit_solves_its_equation_in_both_directions():
    log = random_log(weighted=True)
    config = LocalSlitConfig(decay=2.0, l2=4.0, dropout=0.2)
    weights = fit(LocalSlitRetriever(config), log).state()["weights"]
    near = counted(log, 2.0, 12)
    near = near + near.T
    squares = np.bincount(log.items, np.square(log.weights), minlength=25)
    left = np.exp(-0.5) * near + np.diag(squares * 1.25 + 4.0)
    exact = np.linalg.solve(left, near)
    np.fill_diagonal(exact, 0.0)
    np.testing.assert_allclose(weights, exact, rtol=1e-3, atol=1e-4)


def test_a_matrix_that_is_not_positive_gets_a_larger_ridge():
    products = np.asfortranarray([[1.0, 3.0], [3.0, 1.0]], dtype=np.float32)  # eigenvalue -2
    targets = np.eye(2, dtype=np.float32)
    solution = ridge_regression(products.copy(order="F"), np.full(2, 0.75, np.float32), targets)
    exact = np.linalg.inv(products.astype(np.float64) + 3.0 * np.eye(2))  # doubled twice
    np.testing.assert_allclose(solution, exact, rtol=1e-4)
    with pytest.raises(TrainingError, match="singular"):
        ridge_regression(products.copy(order="F"), np.zeros(2, np.float32), targets)


@pytest.mark.parametrize("both_ways", [False, True])
def test_markov_counts_and_normalises(both_ways):
    log = random_log(weighted=True)
    config = MarkovConfig(decay=2.0, horizon=5, prior=4.0, both_ways=both_ways)
    model = fit(MarkovRetriever(config), log)
    follows = counted(log, 2.0, 5)
    size = np.bincount(log.items, minlength=25) + 4.0
    expected = follows / size[:, None]
    if both_ways:
        expected = (follows + follows.T) / np.sqrt(size[:, None] * size)
    every = model.similar(np.arange(25, dtype=np.int32))
    np.testing.assert_allclose(every, expected, rtol=1e-4, atol=1e-6)


def test_state_neighbours_vote_as_brute_force_says():
    log = random_log(6, q=20, n=10, events=150)
    config = StateKnnConfig(decay=2.0, length=3, power=2.0)
    model = fit(StateKnnRetriever(config), log)
    users = [
        len({u for u, i in zip(log.rows, log.items, strict=True) if i == j}) for j in range(10)
    ]
    rarity = np.log1p(20 / (np.array(users) + 1.0))

    def state(items: np.ndarray) -> np.ndarray:
        vector = np.zeros(10)
        for age, item in enumerate(items[::-1][:3]):
            vector[item] += np.exp(-age / 2.0) * rarity[item]
        return vector / np.linalg.norm(vector)

    query = history([2, 4, 1, 2], 10)
    votes = np.zeros(10)
    for start, stop in zip(log.indptr[:-1], log.indptr[1:], strict=True):
        for place in range(start + 1, stop):
            alike = state(log.items[start:place]) @ state(query.items)
            votes[log.items[place]] += alike**2
    np.testing.assert_allclose(scores_of(model, query)[0], votes, rtol=1e-3, atol=1e-5)


def test_state_neighbours_keep_the_latest_states():
    log = random_log(6, q=20, n=10, events=150)
    model = fit(StateKnnRetriever(StateKnnConfig(states=20)), log)
    last = log.items[log.indptr[1:] - 1]
    assert sorted(model.state()["next"]) == sorted(last)


def test_sparse_state_is_a_matrix_of_the_right_shape():
    model = fit(MarkovRetriever(), random_log())
    state = model.state()
    matrix = csr_matrix((state["data"], state["indices"], state["indptr"]), shape=(25, 25))
    assert matrix.nnz > 0
