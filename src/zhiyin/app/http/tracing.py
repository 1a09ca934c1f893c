"""OpenTelemetry traces: one span per request, its stages within it. Needs the extra ``otel``.

Loaded only where ``[http] traces`` names a collector. A span carries the route's pattern, the
workspace and the request's id: no id of a user, no address, no body. A caller's ``traceparent``
is continued.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import Scope

from zhiyin import __version__
from zhiyin.app.http.gate import Tracer, route_of

_PROPAGATOR = TraceContextTextMapPropagator()


def make_tracer(endpoint: str) -> Tracer:
    """Spans that are sent to a collector in the background.

    Args:
        endpoint: Its address, such as "http://localhost:4318/v1/traces".
    """
    return tracer_to(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))


def tracer_to(processor: SpanProcessor) -> Tracer:
    """Spans that a processor gets."""
    resource = Resource.create({"service.name": "zhiyin", "service.version": __version__})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("zhiyin.http")

    @contextmanager
    def traced(scope: Scope) -> Generator[Any]:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        parent = _PROPAGATOR.extract(headers)
        method = scope["method"]
        with tracer.start_as_current_span(
            method, context=parent, kind=SpanKind.SERVER, record_exception=False
        ) as span:
            yield span
            route = route_of(scope)
            span.update_name(f"{method} {route}".strip())
            status = int(scope.get("zhiyin.status", 0))
            tenant = scope.get("zhiyin.tenant")
            span.set_attributes(
                {
                    "http.request.method": method,
                    "http.route": route,
                    "http.response.status_code": status,
                    "zhiyin.workspace": "" if tenant is None else tenant.name,
                    "zhiyin.request_id": scope.get("zhiyin.request_id", ""),
                }
            )
            if status >= 500:
                span.set_status(Status(StatusCode.ERROR))

    def trace(scope: Scope) -> AbstractContextManager[Any]:
        return traced(scope)

    return trace
