"""Figures of a workspace that are worked out when somebody looks: age, coverage, answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from zhiyin.app.http.tenants import Tenant
from zhiyin.core.clock import system_clock
from zhiyin.core.errors import ZhiyinError
from zhiyin.pipeline.jobs import UNDER_WAY, list_jobs

_DAY = 86_400_000


def figures(tenants: Iterable[Tenant]) -> Iterator[Metric]:
    """The figures of some workspaces."""
    one = ["workspace"]
    age = GaugeMetricFamily(
        "zhiyin_model_age_seconds", "Since the serving model was published.", labels=one
    )
    info = GaugeMetricFamily(
        "zhiyin_model_info", "1 for the version that serves.", labels=["workspace", "version"]
    )
    behind = GaugeMetricFamily(
        "zhiyin_events_since_training", "Events that the model has not seen.", labels=one
    )
    coverage = GaugeMetricFamily(
        "zhiyin_coverage", "Share of the catalogue shown in the last 24 hours.", labels=one
    )
    popular = GaugeMetricFamily(
        "zhiyin_popularity_share",
        "Share of all positions shown that held one of the tenth most popular items.",
        labels=one,
    )
    kept = ["workspace", "version", "surface", "arm"]
    shown = CounterMetricFamily("zhiyin_slates", "Slates shown.", labels=kept)
    answered = CounterMetricFamily(
        "zhiyin_slates_answered",
        "Slates that an event answered; over zhiyin_slates: CTR.",
        labels=kept,
    )
    texts = [*one, "surface", "kind", "variant"]
    told = CounterMetricFamily(
        "zhiyin_copies", "Texts about items that were drawn to be shown.", labels=texts
    )
    told_answered = CounterMetricFamily(
        "zhiyin_copies_answered", "Such texts that an event answered.", labels=texts
    )
    jobs = GaugeMetricFamily(
        "zhiyin_trainings_under_way", "Background trainings that run.", labels=one
    )
    for tenant in tenants:
        name, workspace, traffic = tenant.name, tenant.workspace, tenant.traffic
        version = workspace.artifacts.current()
        if version is not None:
            info.add_metric([name, version], 1)
            age.add_metric([name], workspace.artifacts.age_s(version))
        try:
            engine = workspace.engine()
            last = workspace.stores.events.last_seq()
            behind.add_metric([name], last - engine.trained.last_seq)
            since = system_clock() - _DAY
            coverage.add_metric(
                [name], traffic.items_shown(since=since) / max(1, len(engine.items))
            )
        except ZhiyinError:
            pass  # no model, or no store: their own probes say so
        totals = traffic.totals()
        if totals.get("positions"):
            popular.add_metric([name], totals.get("popular", 0) / totals["positions"])
        for group, rate in traffic.rates(by=("version", "surface", "arm")).items():
            shown.add_metric([name, *group], rate.shown)
            answered.add_metric([name, *group], rate.answered)
        for group, rate in traffic.copy_rates().items():
            told.add_metric([name, *group], rate.shown)
            told_answered.add_metric([name, *group], rate.answered)
        running = sum(job.state in UNDER_WAY for job in list_jobs(workspace, limit=5))
        jobs.add_metric([name], running)
    yield from (age, info, behind, coverage, popular, shown, answered, told, told_answered, jobs)
