"""What the service counts, in Prometheus' form; sums over all workers of a machine.

With several workers `prometheus_client` keeps each process's values in files of the folder
``PROMETHEUS_MULTIPROC_DIR``, which ``zhiyin serve --workers`` sets before they start. No label
carries an id of a user or an item.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""Variable that names the folder shared by the workers."""
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 10.0)
_STAGE_SECONDS = (0.0001, 0.0003, 0.001, 0.003, 0.005, 0.01, 0.03, 0.1, 0.3, 1.0)
_OWN = CollectorRegistry()

REQUESTS = Counter(
    "zhiyin_http_requests",
    "Requests by route and status.",
    ["workspace", "method", "route", "status"],
    registry=_OWN,
)
LATENCY = Histogram(
    "zhiyin_http_seconds",
    "Seconds from a request's head to the end of its answer.",
    ["workspace", "method", "route"],
    buckets=_SECONDS,
    registry=_OWN,
)
STAGES = Histogram(
    "zhiyin_stage_seconds",
    "Seconds of each stage of an answer.",
    ["workspace", "stage"],
    buckets=_STAGE_SECONDS,
    registry=_OWN,
)
REFUSED = Counter(
    "zhiyin_http_refused",
    "Requests turned away before they were read, by reason.",
    ["reason"],
    registry=_OWN,
)
IN_FLIGHT = Gauge(
    "zhiyin_http_in_flight",
    "Requests under way.",
    registry=_OWN,
    multiprocess_mode="livesum",
)
WAITING = Gauge(
    "zhiyin_http_waiting",
    "Requests under way that wait for a thread.",
    registry=_OWN,
    multiprocess_mode="livesum",
)
ERRORS = Counter(
    "zhiyin_errors", "Unexpected errors, by type.", ["workspace", "error"], registry=_OWN
)


class _Given:
    """Figures worked out for one look."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterator[Metric]:
        """What Prometheus asks of a collector."""
        yield from self._metrics


class _Seen:
    """The metrics of all workers, those of other workspaces left out."""

    def __init__(self, source: CollectorRegistry, workspace: str | None) -> None:
        self._source = source
        self._workspace = workspace

    def collect(self) -> Iterator[Metric]:
        """What Prometheus asks of a collector."""
        for metric in self._source.collect():
            if self._workspace is not None:
                metric.samples = [
                    sample
                    for sample in metric.samples
                    if sample.labels.get("workspace", self._workspace) == self._workspace
                ]
            yield metric


def exposition(now: Iterable[Metric], *, workspace: str | None) -> bytes:
    """The text that Prometheus reads.

    Args:
        now: Figures worked out for this look.
        workspace: The one workspace that the asker may see; None for all.
    """
    source = _OWN
    if os.environ.get(MULTIPROCESS):
        source = CollectorRegistry()
        MultiProcessCollector(source)
    seen = CollectorRegistry()
    seen.register(_Seen(source, workspace))  # type: ignore[arg-type]
    seen.register(_Given(now))  # type: ignore[arg-type]
    return generate_latest(seen)
