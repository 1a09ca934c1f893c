"""The guard of what serves: a model whose slates are answered less is rolled back.

Slates of the serving version are compared with those of the version before, on the share that
was answered, once both showed enough slates that are old enough to have been answered. The
model goes back where it has surely lost more than the settings allow: the upper bound of
p_new - (1 - drop) p_old, normal approximation, lies below 0.
"""

from __future__ import annotations

from statistics import NormalDist

from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.config import Config
from zhiyin.core.errors import ArtifactError
from zhiyin.pipeline.artifacts import ArtifactFolder
from zhiyin.pipeline.service_settings import LoopSettings
from zhiyin.pipeline.settings import seconds
from zhiyin.pipeline.traffic import Rate, Traffic


class GuardReport(Config):
    """What the guard saw."""

    serving: str
    """The version that serves."""
    before: str
    """The version it is compared with."""
    shown: int
    """Slates of the serving version that were judged."""
    share: float
    """Part of them that was answered."""
    share_before: float
    """The same of the version before."""
    bound: float
    """Upper bound of what the serving version reaches above what is allowed; below 0: broken."""
    broken: bool
    """Whether the serving version has to go."""


def examine(
    artifacts: ArtifactFolder,
    traffic: Traffic,
    settings: LoopSettings,
    *,
    clock: Clock = system_clock,
) -> GuardReport | None:
    """Compares the serving version with the one before; None where it is too early to say."""
    current = artifacts.current()
    older = [v for v in artifacts.versions() if current is not None and v < current]
    older = [v for v in older if not artifacts.refusal(v)]
    if current is None or not older:
        return None
    until = clock() - int(seconds(settings.guard_settle) * 1000)
    rates = traffic.rates(until=until)
    nothing = Rate(0, 0)
    new, old = rates.get((current,), nothing), rates.get((older[-1],), nothing)
    if min(new.shown, old.shown) < settings.guard_slates or not old.answered:
        return None
    bound = upper_bound(new, old, drop=settings.guard_drop, confidence=settings.guard_confidence)
    return GuardReport(
        serving=current,
        before=older[-1],
        shown=new.shown,
        share=new.share,
        share_before=old.share,
        bound=bound,
        broken=bound < 0,
    )


def upper_bound(new: Rate, old: Rate, *, drop: float, confidence: float) -> float:
    """Upper confidence bound of p_new - (1 - drop) p_old.

    The shares are moved towards one half by half an answer, as Agresti and Coull (1998) do,
    so that no answer at all has a variance too.
    """
    p_new, var_new = _estimate(new)
    p_old, var_old = _estimate(old)
    kept = 1 - drop
    error = (var_new + kept * kept * var_old) ** 0.5
    return p_new - kept * p_old + NormalDist().inv_cdf(confidence) * error


def act(artifacts: ArtifactFolder, report: GuardReport) -> str:
    """Rolls a broken version back, and marks it so that it is not taken again.

    Returns:
        The version that serves now.

    Raises:
        ArtifactError: There is no sound version before it.
    """
    reason = (
        f"rolled back by the guard: {report.share:.4f} of {report.shown} slates answered, "
        f"{report.share_before:.4f} with {report.before}"
    )
    if artifacts.current() != report.serving:
        raise ArtifactError(f"{report.serving} serves no longer")
    artifacts.point_at(report.before)
    artifacts.refuse(report.serving, reason)
    return report.before


def _estimate(rate: Rate) -> tuple[float, float]:
    n = rate.shown + 1
    share = (rate.answered + 0.5) / n
    return share, share * (1 - share) / n
