"""What parts of an input do to a score, against functions whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from zhiyin.core.influence import deletion, lime, local_slopes, shapley


def _sum_of(weights: NDArray[np.float64]):
    return lambda coalitions: coalitions.astype(np.float64) @ weights


def _glove_game(coalitions: NDArray[np.bool_]) -> NDArray[np.float64]:
    """One left glove, two right ones: a pair is worth 1."""
    left, right = coalitions[:, 0], coalitions[:, 1] | coalitions[:, 2]
    return (left & right).astype(np.float64)


def test_shapley_values_of_the_glove_game_are_those_of_the_textbook():
    found = shapley(_glove_game, 3, rng=np.random.default_rng(0), rounds=3000)
    assert found == pytest.approx([2 / 3, 1 / 6, 1 / 6], abs=0.02)


@given(st.integers(1, 8), st.integers(0, 1000))
def test_shapley_values_sum_to_all_less_none_after_one_round(n: int, seed: int):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=1 << n)

    def value(coalitions: NDArray[np.bool_]) -> NDArray[np.float64]:
        return table[coalitions @ (1 << np.arange(n))]

    found = shapley(value, n, rng=rng, rounds=1)
    assert found.sum() == pytest.approx(table[-1] - table[0])


def test_all_methods_agree_on_a_sum():
    weights = np.array([2.0, -1.0, 0.0, 0.5])
    rng = np.random.default_rng(1)
    assert deletion(_sum_of(weights), 4) == pytest.approx(weights)
    assert shapley(_sum_of(weights), 4, rng=rng) == pytest.approx(weights)
    assert lime(_sum_of(weights), 4, rng=rng, ridge=0) == pytest.approx(weights, abs=1e-6)


def test_several_scores_are_explained_at_once():
    weights = np.array([[2.0, 0.0], [-1.0, 3.0]])
    value = _sum_of(weights)  # type: ignore[arg-type]
    assert deletion(value, 2) == pytest.approx(weights)
    assert shapley(value, 2, rng=np.random.default_rng(0)) == pytest.approx(weights)


def test_deletion_does_not_see_what_two_parts_say_twice():
    found = deletion(lambda c: (c[:, 0] | c[:, 1]).astype(np.float64), 2)
    assert found == pytest.approx([0, 0])


def test_local_slopes_are_the_gradient_of_a_known_function():
    row = np.array([1.0, 2.0, 3.0], dtype=np.float32)

    def score(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        return (3 * rows[:, 0] - 2 * rows[:, 1]).astype(np.float32)

    scale = np.array([0.5, 1.0, 1.0], dtype=np.float32)
    found = local_slopes(score, row, scale=scale, rng=np.random.default_rng(0), ridge=1e-6)
    assert found == pytest.approx([1.5, -2.0, 0.0], abs=0.01)


def test_nothing_has_no_influence():
    assert shapley(_glove_game, 0, rng=np.random.default_rng(0)).shape == (0,)
    assert lime(_glove_game, 0, rng=np.random.default_rng(0)).shape == (0,)
