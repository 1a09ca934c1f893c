"""The sections [http] and [loop] of ``zhiyin.toml``: how a workspace is served and kept fresh."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from zhiyin.core.config import Config


class HttpSettings(Config):
    """Limits of the HTTP service. Of several workspaces in one server the first one's hold."""

    max_body_mb: float = Field(default=8.0, gt=0)
    """Largest body of a request in MiB; beyond it the answer is 413."""
    max_stream_mb: float = Field(default=1024.0, gt=0)
    """Largest stream of JSON lines (application/x-ndjson) in MiB."""
    header_s: float = Field(default=10.0, gt=0)
    """Seconds that a connection may take to send the head of a request, or stay idle."""
    body_s: float = Field(default=30.0, gt=0)
    """Seconds that a body may take to arrive (of a stream: each part); then 408."""
    max_in_flight: int = Field(default=64, ge=1)
    """Requests under way in one worker; more are told to come again (503, Retry-After)."""
    max_connections: int = Field(default=2000, ge=1)
    """Open connections of one worker; more are turned away with 503."""
    connection_requests: int = Field(default=200, ge=0)
    """About how many requests a connection has, where several workers serve, before it is
    closed: a client that opens it again comes to a worker that is free. 0: no limit."""
    threads: int = Field(default=8, ge=1)
    """Threads of one worker that answer requests."""
    slate_threads: int = Field(default=2, ge=1)
    """Slates that one worker makes side by side. Python runs one thread at a time: with more
    of them slates take turns in the middle, and fewer are made in a second."""
    rate: float = Field(default=0.0, ge=0)
    """Requests per second of one key, over all workers of a machine; 0: no limit. A key made
    with ``zhiyin keys create --rate`` has its own."""
    burst: float = Field(default=2.0, ge=0)
    """Seconds of ``rate`` that a key may use at once after a pause."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may call the service from a browser, such as
    "https://shop.example"."""
    shutdown_s: int = Field(default=15, ge=0)
    """Seconds that requests under way are given when the service is stopped."""
    log: Literal["requests", "errors", "off"] = "requests"
    """What is logged, as JSON lines on standard error: every request, or errors only."""
    traces: str = ""
    """Address of an OpenTelemetry collector (OTLP over HTTP), such as
    "http://localhost:4318/v1/traces"; empty: no traces. Needs the extra ``otel``."""


class LoopSettings(Config):
    """Training in the background while the service runs, and what guards it."""

    every: str = ""
    """Train this long after the last training, such as "24h"; empty: not on a schedule."""
    after_events: int = Field(default=0, ge=0)
    """Train after so many events since the last training; 0: not by events."""
    kind: Literal["train", "update"] = "train"
    """"train" chooses models anew; "update" teaches those that serve what came since."""
    memory_mb: float = Field(default=0.0, ge=0)
    """MiB that a training may hold, its processes together; 0: no limit."""
    tolerance: float = Field(default=0.05, ge=0, lt=1)
    """Part of the serving model's validation metric that a new one may lose."""
    gate_users: int = Field(default=2000, ge=10)
    """Users at most whose newest item is held out for the evaluation gate."""
    keep: int = Field(default=5, ge=2)
    """Versions of the model that are kept; older ones are deleted after a training."""
    guard: bool = True
    """Whether a model whose slates are answered less is rolled back by itself."""
    guard_slates: int = Field(default=1000, ge=30)
    """Slates of the new and of the old model that must have been shown before judging."""
    guard_drop: float = Field(default=0.2, ge=0, lt=1)
    """Part of the old model's answered slates that the new one may lose."""
    guard_confidence: float = Field(default=0.99, gt=0.5, lt=1)
    """How sure the guard must be that it lost more than that."""
    guard_settle: str = "5m"
    """Slates younger than this are not judged: their answers may still come."""
