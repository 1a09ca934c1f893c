"""A surface made ready: its expressions parsed, its policy and re-ranker at hand."""

from __future__ import annotations

from dataclasses import dataclass

from zhiyin.core.protocols import Policy
from zhiyin.pipeline.settings import ServeSettings
from zhiyin.pipeline.slating.conditions import read_boost, read_filter
from zhiyin.pipeline.slating.likeness import Reranker, reranker
from zhiyin.pipeline.slating.policies import policy_of
from zhiyin.pipeline.surfaces import FreshnessSettings, SurfaceSettings
from zhiyin.policy import GreedyPolicy
from zhiyin.policy.expressions import Boost, Filter


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """What a surface does, ready to be done.

    Attributes:
        name: Its name.
        settings: What was written.
        policy: What draws.
        draws: Whether it draws at random.
        filter: Which items may be shown; None for all.
        boosts: What scores are multiplied with, freshness among them.
        promoted: Which items count as promoted; None for none.
        reranker: What makes the order diverse; None where nothing does.
        ruled: Whether any rule could change a list.
        fallback: What has to be told of every slate here; "" for nothing.
    """

    name: str
    settings: SurfaceSettings
    policy: Policy
    draws: bool
    filter: Filter | None
    boosts: tuple[Boost, ...]
    promoted: Filter | None
    reranker: Reranker | None
    ruled: bool
    fallback: str = ""


def made_ready(
    name: str,
    settings: SurfaceSettings,
    *,
    serve: ServeSettings,
    usual: Policy,
    fallback: str = "",
) -> Surface:
    """A surface from its settings.

    Args:
        name: Its name.
        settings: What was written.
        serve: Settings of policies, where the surface has none.
        usual: The policy, where the surface names none.
        fallback: What has to be told of every slate here.
    """
    rules = settings.rules
    policy = policy_of(settings.exploration, serve=serve, usual=usual)
    shares = rules.promoted_at_least > 0 or rules.promoted_at_most < 1
    boosts = tuple(read_boost(text) for text in settings.boosts if text)
    return Surface(
        name,
        settings,
        policy,
        not isinstance(policy, GreedyPolicy),
        read_filter(settings.filter) if settings.filter else None,
        (*boosts, *_lift(settings.freshness)),
        read_filter(rules.promoted) if rules.promoted else None,
        reranker(settings.diversity),
        bool(rules.exclude or rules.pins or rules.caps or shares),
        fallback,
    )


def _lift(freshness: FreshnessSettings) -> list[Boost]:
    """Freshness as a boost: 1 + strength / (1 + age / half-life)."""
    if not freshness.strength:
        return []
    column = freshness.column.replace("`", "``")
    age = f"max(0, age_days(item.`{column}`)) / {freshness.half_life_days:f}"
    return [read_boost(f"1 + {freshness.strength:f} / (1 + {age})")]
