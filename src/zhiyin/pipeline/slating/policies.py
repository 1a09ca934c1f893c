"""Which policy draws the slates of a surface."""

from __future__ import annotations

from zhiyin.core.protocols import Policy
from zhiyin.pipeline.settings import ServeSettings
from zhiyin.pipeline.surfaces import ExplorationSettings
from zhiyin.policy import BoltzmannPolicy, EpsilonGreedyPolicy, GreedyPolicy


def policy_of(exploration: ExplorationSettings, *, serve: ServeSettings, usual: Policy) -> Policy:
    """The policy of a surface; the usual one where the surface says nothing."""
    name = exploration.policy or usual.name
    if name == "boltzmann" and (exploration.policy or exploration.boltzmann):
        return BoltzmannPolicy(exploration.boltzmann or serve.boltzmann)
    if name == "epsilon_greedy" and (exploration.policy or exploration.epsilon_greedy):
        return EpsilonGreedyPolicy(exploration.epsilon_greedy or serve.epsilon_greedy)
    return GreedyPolicy() if exploration.policy == "greedy" else usual
