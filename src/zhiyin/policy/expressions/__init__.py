"""A small, safe language for filters and boosts over attributes of items, users and context."""

from zhiyin.policy.expressions.expression import (
    Boost,
    Filter,
    Known,
    Reads,
    parse_boost,
    parse_filter,
)
from zhiyin.policy.expressions.facts import Facts
from zhiyin.policy.expressions.parser import MAX_DEPTH
from zhiyin.policy.expressions.reader import MAX_NODES
from zhiyin.policy.expressions.scanner import MAX_LENGTH
from zhiyin.policy.expressions.values import Truth

__all__ = [
    "MAX_DEPTH",
    "MAX_LENGTH",
    "MAX_NODES",
    "Boost",
    "Facts",
    "Filter",
    "Known",
    "Reads",
    "Truth",
    "parse_boost",
    "parse_filter",
]
