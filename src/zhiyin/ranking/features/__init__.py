"""Features of candidates: declared once, computed by the same code in training and serving."""

from zhiyin.ranking.features.asked import Asked, last_times
from zhiyin.ranking.features.feature import Feature, FeatureGroup, Known
from zhiyin.ranking.features.set import GROUPS, FeatureSet

__all__ = ["GROUPS", "Asked", "Feature", "FeatureGroup", "FeatureSet", "Known", "last_times"]
