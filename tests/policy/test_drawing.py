"""Draws under rules: the stated propensities are the odds, and rules hold on every draw."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.policy import BoltzmannPolicy, EpsilonGreedyPolicy, GreedyPolicy
from zhiyin.policy.diversity import DiversityConfig, DppConfig, DppReranker, MmrReranker
from zhiyin.policy.drawing import Drawn, Quotas, draw_by_rules
from zhiyin.policy.fairness import FairnessConfig, owed_places
from zhiyin.policy.rules import RulesConfig, apply_rules
from zhiyin.policy.selection import BoltzmannConfig, EpsilonGreedyConfig

ITEMS = ["a", "b", "c", "d", "e"]
SCORES = np.array([1.0, 0.8, 0.7, 0.3, 0.1], dtype=np.float32)
BRANDS = ["x", "x", "y", "y", "z"]
RULES = RulesConfig(pins={"d": 2}, caps={"brand": 1}, promoted_at_least=0.3)
PROMOTED = np.array([False, False, True, False, True])
VECTORS = np.array([[1, 0], [0.9, 0.2], [0, 1], [0.5, 0.5], [1, 1]], dtype=np.float32)
POLICIES = [
    BoltzmannPolicy(BoltzmannConfig(temperature=0.5)),
    EpsilonGreedyPolicy(EpsilonGreedyConfig(epsilon=0.4)),
]


def draw(seed: int, policy: Any, **changes: Any) -> Drawn:
    given_: dict[str, Any] = {
        "n": 3,
        "rules": RULES,
        "spare": 50,
        "columns": {"brand": BRANDS},
        "promoted": PROMOTED,
        **changes,
    }
    rng = np.random.default_rng(seed)
    return draw_by_rules(ITEMS, SCORES, policy=policy, rng=rng, **given_)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.name)
@pytest.mark.parametrize("method", [None, MmrReranker, DppReranker])
def test_propensities_are_the_frequencies_of_slates(policy: Any, method: Any) -> None:
    """Each slate comes as often as the product of its propensities says, within 5 errors."""
    config = DppConfig if method is DppReranker else DiversityConfig
    stated: dict[tuple[int, ...], float] = {}
    seen: Counter[tuple[int, ...]] = Counter()
    for seed in range(1_500):
        marginal = method and method(config(diversity=0.3)).marginal(SCORES, VECTORS)
        found = draw(seed, policy, marginal=marginal)
        slate = tuple(found.places.tolist())
        assert found.odds == "exact"
        stated[slate] = float(np.prod(found.propensities))
        seen[slate] += 1
    assert sum(stated.values()) == pytest.approx(1.0, abs=1e-6), "every possible slate was drawn"
    total = sum(seen.values())
    for slate, chance in stated.items():
        error = 5 * np.sqrt(chance * (1 - chance) / total) + 1e-9
        assert seen[slate] / total == pytest.approx(chance, abs=error)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.name)
def test_without_rules_the_odds_are_those_of_the_policy_alone(policy: Any) -> None:
    """The same slates with the same products, so rules add nothing where there are none."""

    def odds(slate: tuple[int, ...]) -> float:
        left, product = list(range(5)), 1.0
        for item in slate:
            if policy.name == "boltzmann":
                weights = np.exp(SCORES[left] / policy.config.temperature)
                product *= float(weights[left.index(item)] / weights.sum())
            else:
                epsilon = policy.config.epsilon
                product *= epsilon / len(left) + (1 - epsilon) * (item == left[0])
            left.remove(item)
        return product

    expected = {slate: odds(slate) for slate in permutations(range(5), 2)}
    for seed in range(300):
        found = draw(seed, policy, rules=RulesConfig(), n=2)
        slate = tuple(found.places.tolist())
        assert float(np.prod(found.propensities)) == pytest.approx(expected[slate], rel=1e-5)


def test_a_pinned_place_is_certain() -> None:
    for seed in range(20):
        found = draw(seed, POLICIES[0])
        assert found.places[1] == 3
        assert found.propensities[1] == 1.0
        assert found.lost == ()


@settings(max_examples=80)
@given(data=st.data())
def test_what_the_rules_can_keep_no_draw_breaks(data: st.DataObject) -> None:
    """Where the rules keep themselves without a draw, they are kept on every draw."""
    c = data.draw(st.integers(1, 14))
    items = [f"i{i}" for i in range(c)]
    brands = data.draw(st.lists(st.sampled_from("xyzw"), min_size=c, max_size=c))
    promoted = np.array(data.draw(st.lists(st.booleans(), min_size=c, max_size=c)))
    hidden = np.array(data.draw(st.lists(st.booleans(), min_size=c, max_size=c)))
    rules = RulesConfig(
        caps={"brand": data.draw(st.integers(1, 3))},
        pins=data.draw(st.dictionaries(st.sampled_from(items), st.integers(1, 4), max_size=2)),
        promoted_at_least=data.draw(st.sampled_from([0.0, 0.3, 0.5])),
        promoted_at_most=data.draw(st.sampled_from([0.5, 1.0])),
    )
    n = data.draw(st.integers(1, 6))
    scores = np.sort(np.random.default_rng(c).normal(size=c).astype(np.float32))[::-1]
    facts: dict[str, Any] = {"columns": {"brand": brands}, "promoted": promoted, "hidden": hidden}
    greedy = apply_rules(items, n=n, config=rules, **facts)
    found = draw_by_rules(
        items,
        scores,
        n=n,
        policy=data.draw(st.sampled_from([*POLICIES, GreedyPolicy()])),
        rng=np.random.default_rng(data.draw(st.integers(0, 99))),
        rules=rules,
        spare=data.draw(st.integers(0, 9)),
        **facts,
    )
    assert len(found.places) == len(greedy.places) == len(set(found.places.tolist()))
    assert not hidden[found.places].any()
    assert ((found.propensities > 0) & (found.propensities <= 1)).all()
    if not greedy.lost:
        assert found.lost == ()


@settings(max_examples=50)
@given(
    groups=st.lists(st.integers(-1, 2), min_size=1, max_size=15),
    n=st.integers(1, 8),
    seed=st.integers(0, 99),
)
def test_groups_get_what_they_are_owed_on_every_draw(groups: list[int], n: int, seed: int) -> None:
    codes = np.array(groups)
    owed = owed_places(codes, np.full(3, 1 / 3), n=n, config=FairnessConfig(factor=1.0))
    found = draw_by_rules(
        [str(i) for i in range(len(codes))],
        np.linspace(1, 0, len(codes), dtype=np.float32),
        n=n,
        policy=POLICIES[0],
        rng=np.random.default_rng(seed),
        rules=RulesConfig(),
        spare=3,
        quotas=Quotas(codes, owed),
    )
    shown = codes[found.places]
    for group in range(3):
        assert (np.cumsum(shown == group) >= owed[:, group]).all()
