"""Greedy re-rankers: lists whose items differ, for as little relevance as possible."""

from zhiyin.policy.diversity.dpp import DppConfig, DppReranker
from zhiyin.policy.diversity.greedy import DiversityConfig, Places
from zhiyin.policy.diversity.mmr import MmrReranker
from zhiyin.policy.diversity.xquad import XquadConfig, XquadReranker

__all__ = [
    "DiversityConfig",
    "DppConfig",
    "DppReranker",
    "MmrReranker",
    "Places",
    "XquadConfig",
    "XquadReranker",
]
