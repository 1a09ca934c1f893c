"""The z-scored blend."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import histories_from_columns
from zhiyin.models.hybrid.blend import Blend, Member, standardised
from zhiyin.models.linear.ease import EaseRetriever
from zhiyin.models.popularity.popularity import PopularityRetriever


@settings(max_examples=50, deadline=None)
@given(
    q=st.integers(1, 9),
    n=st.integers(2, 300),
    shift=st.floats(-100, 100),
    weight=st.floats(0.1, 3.0),
    seed=st.integers(0, 2**32 - 1),
)
def test_rows_get_mean_zero_and_the_deviation_asked_for(q, n, shift, weight, seed):
    scores = np.random.default_rng(seed).normal(size=(q, n)).astype(np.float32) + np.float32(shift)
    exact = scores.astype(np.float64)
    exact = (exact - exact.mean(axis=1, keepdims=True)) / exact.std(axis=1, keepdims=True) * weight
    result = standardised(scores, weight=weight)
    assert result is scores
    np.testing.assert_allclose(result, exact, rtol=1e-2, atol=2e-3)


@pytest.mark.parametrize("value", [0.0, 7.3, -1e4, 0.1])
def test_rows_without_spread_become_zero(value):
    assert not standardised(np.full((3, 1001), value, dtype=np.float32)).any()


@pytest.mark.parametrize("shape", [(0, 4), (4, 0)])
def test_nothing_to_standardise(shape):
    assert standardised(np.zeros(shape, np.float32)).shape == shape


def test_a_blend_is_the_sum_of_its_parts():
    rng = np.random.default_rng(0)
    histories = histories_from_columns(
        rng.integers(0, 30, 200),
        rng.integers(0, 20, 200),
        np.ones(200),
        n_users=30,
        n_items=20,
        order=np.arange(200),
    )
    data = TrainingData(histories)
    members = [
        Member(name, weight, cls().fit(data, rng=rng, deadline=Deadline(60)))
        for name, weight, cls in (
            ("popularity", 0.3, PopularityRetriever),
            ("ease", 1.0, EaseRetriever),
        )
    ]
    blend = Blend(members)
    queries = Queries(histories, np.arange(30, dtype=np.int32))
    parts = blend.parts(queries)
    np.testing.assert_allclose(
        blend.score(queries), parts["popularity"] + parts["ease"], rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(parts["popularity"].std(axis=1), 0.3, rtol=1e-4)
    assert blend.similar(np.array([3, 4], dtype=np.int32)).shape == (2, 20)
