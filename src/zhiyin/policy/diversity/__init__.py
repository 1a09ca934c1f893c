"""Greedy re-rankers: lists whose items differ, for as little relevance as possible."""

from zhiyin.policy.diversity.dpp import DppConfig, DppReranker
from zhiyin.policy.diversity.greedy import DiversityConfig, Marginal, Places
from zhiyin.policy.diversity.mmr import MmrReranker
from zhiyin.policy.diversity.xquad import XquadConfig, XquadReranker

__all__ = [
    "DiversityConfig",
    "DppConfig",
    "DppReranker",
    "Marginal",
    "MmrReranker",
    "Places",
    "XquadConfig",
    "XquadReranker",
]
