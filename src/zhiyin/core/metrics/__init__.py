"""Rank metrics: one value per query, so that any of them can be resampled and compared."""

from zhiyin.core.metrics.lists import (
    category_vectors,
    concentration,
    coverage,
    diversity,
    exposure,
    novelty,
)
from zhiyin.core.metrics.ranking import (
    RANKING,
    Hits,
    auc,
    average_precision,
    hit_rate,
    hits,
    ndcg,
    precision,
    ranking_metrics,
    recall,
    reciprocal_rank,
)

__all__ = [
    "RANKING",
    "Hits",
    "auc",
    "average_precision",
    "category_vectors",
    "concentration",
    "coverage",
    "diversity",
    "exposure",
    "hit_rate",
    "hits",
    "ndcg",
    "novelty",
    "precision",
    "ranking_metrics",
    "recall",
    "reciprocal_rank",
]
