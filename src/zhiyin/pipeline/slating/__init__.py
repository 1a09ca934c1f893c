"""From candidates to a slate: filters, boosts, diversity, the draw and the rules of a surface."""

from zhiyin.pipeline.slating.making import liked_by_all, make_slater
from zhiyin.pipeline.slating.query import Slated, SlateQuery
from zhiyin.pipeline.slating.slater import Opening, Slater

__all__ = ["Opening", "SlateQuery", "Slated", "Slater", "liked_by_all", "make_slater"]
