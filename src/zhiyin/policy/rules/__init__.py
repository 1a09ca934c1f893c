"""Business rules on an ordered list of candidates, with a report of those that lost."""

from zhiyin.policy.rules.applying import apply_rules
from zhiyin.policy.rules.config import LostRule, Ruled, RulesConfig
from zhiyin.policy.rules.facts import Column

__all__ = ["Column", "LostRule", "Ruled", "RulesConfig", "apply_rules"]
