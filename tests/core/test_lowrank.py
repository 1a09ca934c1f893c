"""Leading eigenvectors against LAPACK's."""

import numpy as np
import pytest

from zhiyin.core.clock import Deadline
from zhiyin.core.lowrank import leading_eigenvectors


def decaying(n: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.normal(size=(n, n)))
    return (basis * 0.8 ** np.arange(n)) @ basis.T


@pytest.mark.parametrize(("n", "rank"), [(60, 5), (60, 60), (3, 5), (1, 1)])
def test_agrees_with_a_full_decomposition(n, rank):
    matrix = decaying(n)
    values, vectors = leading_eigenvectors(
        lambda block: (matrix @ block).astype(np.float32),
        size=n,
        rank=rank,
        rng=np.random.default_rng(1),
        deadline=Deadline(60),
    )
    kept = min(rank, n)
    exact = np.sort(np.linalg.eigvalsh(matrix))[::-1][:kept]
    assert vectors.shape == (n, kept)
    np.testing.assert_allclose(values, exact, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(kept), atol=1e-4)
    np.testing.assert_allclose(matrix @ vectors, vectors * values, atol=2e-3)


def test_a_spent_deadline_still_gives_orthonormal_vectors():
    matrix = decaying(40)
    calls = []

    def apply(block):
        calls.append(1)
        return (matrix @ block).astype(np.float32)

    _, vectors = leading_eigenvectors(
        apply, size=40, rank=4, rng=np.random.default_rng(1), deadline=Deadline(0)
    )
    assert len(calls) == 2
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(4), atol=1e-4)
