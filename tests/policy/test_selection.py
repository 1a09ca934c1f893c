"""Policies: what they choose, and that the odds they state are the odds they take."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.core.protocols import Policy
from zhiyin.policy import BoltzmannPolicy, EpsilonGreedyPolicy, GreedyPolicy
from zhiyin.policy.selection import BoltzmannConfig, EpsilonGreedyConfig

POLICIES = [GreedyPolicy(), BoltzmannPolicy(), EpsilonGreedyPolicy()]
SCORES = np.array([2.0, 1.5, 0.3, -1.0], dtype=np.float32)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.name)
@given(
    scores=st.lists(st.floats(-50, 50, width=32), max_size=12),
    n=st.integers(1, 15),
    seed=st.integers(0, 2**32),
)
def test_a_slate_is_a_subset_without_repeats_and_its_odds_are_probabilities(
    policy: Policy, scores: list[float], n: int, seed: int
) -> None:
    ordered = np.sort(np.asarray(scores, dtype=np.float32))[::-1].copy()
    selection = policy.select(ordered, n=n, rng=np.random.default_rng(seed))
    assert len(selection.picked) == min(n, len(scores)) == len(selection.propensities)
    assert len(set(selection.picked.tolist())) == len(selection.picked)
    assert np.all((selection.propensities >= 0) & (selection.propensities <= 1))


def test_a_cold_policy_is_greedy_without_breaking_down() -> None:
    cold = BoltzmannPolicy(BoltzmannConfig(temperature=1e-6))
    selection = cold.select(SCORES, n=4, rng=np.random.default_rng(0))
    assert selection.picked.tolist() == [0, 1, 2, 3]
    assert selection.propensities.tolist() == [1.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.name)
def test_the_same_seed_gives_the_same_slate(policy: Policy) -> None:
    first, second = (policy.select(SCORES, n=3, rng=np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first.picked, second.picked)
    np.testing.assert_array_equal(first.propensities, second.propensities)


def test_greedy_takes_the_best_with_certainty() -> None:
    selection = GreedyPolicy().select(SCORES, n=2, rng=np.random.default_rng(0))
    assert selection.picked.tolist() == [0, 1]
    assert selection.propensities.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    "policy",
    [
        BoltzmannPolicy(BoltzmannConfig(temperature=1.0)),
        EpsilonGreedyPolicy(EpsilonGreedyConfig(epsilon=0.4)),
    ],
    ids=lambda p: p.name,
)
def test_stated_odds_match_how_often_an_item_is_drawn(policy: Policy) -> None:
    """Frequencies of whole slates against the product of their stated propensities."""
    rng = np.random.default_rng(0)
    draws = 20_000
    seen: dict[tuple[int, ...], list[float]] = {}
    for _ in range(draws):
        selection = policy.select(SCORES, n=2, rng=rng)
        slate = tuple(selection.picked.tolist())
        seen.setdefault(slate, []).append(float(np.prod(selection.propensities)))
    for slate, odds in seen.items():
        assert np.ptp(odds) < 1e-12, slate
        tolerance = 4 * np.sqrt(odds[0] * (1 - odds[0]) / draws)
        assert abs(len(odds) / draws - odds[0]) < tolerance, slate
    assert sum(odds[0] for odds in seen.values()) == pytest.approx(1.0)
