"""Floor 4: from scores to a slate, with the odds written down."""

from zhiyin.policy.selection import BoltzmannPolicy, EpsilonGreedyPolicy, GreedyPolicy

__all__ = ["BoltzmannPolicy", "EpsilonGreedyPolicy", "GreedyPolicy"]
