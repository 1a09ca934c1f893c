"""Graph filters against their dense formulas."""

import numpy as np
import pytest

from zhiyin.models.graph.gfcf import GfcfConfig, GfcfRetriever
from zhiyin.models.graph.turbo_cf import TurboCfConfig, TurboCfRetriever
from zhiyin.testing.logs import dense, fit, random_log, scores_of

LOG = random_log(q=80, events=900)


def normalised(a: float) -> tuple[np.ndarray, np.ndarray]:
    x = dense(LOG)
    users, items = np.maximum(x.sum(1), 1e-9), np.maximum(x.sum(0), 1e-9)
    return x * users[:, None] ** -a * items ** (a - 1.0), items


@pytest.mark.parametrize("neighbours", [None, 25])
def test_gfcf_is_the_dense_formula(neighbours):
    model = fit(GfcfRetriever(GfcfConfig(rank=5, alpha=0.4, neighbours=neighbours)), LOG)
    r, items = normalised(0.5)
    _, _, v = np.linalg.svd(r, full_matrices=False)
    low = np.diag(items**-0.5) @ v[:5].T @ v[:5] @ np.diag(items**0.5)
    query = random_log(3, q=7, events=60)
    expected = dense(query) @ (r.T @ r + 0.4 * low)
    np.testing.assert_allclose(scores_of(model, query), expected, rtol=1e-2, atol=2e-3)


def test_gfcf_with_few_neighbours_keeps_the_strongest():
    model = fit(GfcfRetriever(GfcfConfig(rank=1, alpha=0.0, neighbours=4)), LOG)
    r, _ = normalised(0.5)
    strongest = np.sort(r.T @ r, axis=1)[:, -4:]
    kept = np.sort(model.similar(np.arange(25, dtype=np.int32)), axis=1)[:, -4:]
    np.testing.assert_allclose(kept, strongest, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_turbo_cf_is_the_dense_formula(order):
    model = fit(TurboCfRetriever(TurboCfConfig(user_power=0.4, power=0.8, order=order)), LOG)
    r, _ = normalised(0.4)
    p = (r.T @ r) ** 0.8
    expected = {1: p, 2: 2 * p - p @ p, 3: p + 0.01 * (-p @ p @ p + 10 * p @ p - 29 * p)}[order]
    every = model.similar(np.arange(25, dtype=np.int32))
    np.testing.assert_allclose(every, expected, rtol=1e-3, atol=1e-4)
