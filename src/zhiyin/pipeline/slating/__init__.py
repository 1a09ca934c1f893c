"""From candidates to a slate: filters, boosts, diversity, the draw and the rules of a surface."""

from zhiyin.pipeline.slating.query import Slated, SlateQuery
from zhiyin.pipeline.slating.slater import Slater

__all__ = ["SlateQuery", "Slated", "Slater"]
