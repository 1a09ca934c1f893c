"""Spans of requests: what they say, what they do not, and whose they continue."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from zhiyin.app.http import server
from zhiyin.app.http.tracing import tracer_to

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    tracer = tracer_to(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(server, "_tracer", lambda _settings: tracer)
    return exporter


def test_a_request_is_a_span_with_its_stages_and_nobodys_id(
    trained_folder: Path, spans: InMemorySpanExporter
) -> None:
    with TestClient(server.create_app(trained_folder)) as client:
        parent = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "X-Request-Id": "r-1"}
        client.get("/v1/recommend", params={"user_id": "alice"}, headers=parent)
        client.get("/v1/profile/alice")
    first, second = spans.get_finished_spans()
    assert first.name == "GET /v1/recommend"
    assert f"{first.context.trace_id:032x}" == TRACE
    assert first.attributes is not None
    assert first.attributes["http.response.status_code"] == 200
    assert first.attributes["zhiyin.request_id"] == "r-1"
    assert {"history", "retrieve", "policy", "expose"} <= {event.name for event in first.events}
    assert second.name == "GET /v1/profile/{user_id}"
    assert "alice" not in first.to_json() + second.to_json()


def test_without_the_setting_nothing_is_traced() -> None:
    assert server._tracer(SimpleNamespace(traces="")) is None  # type: ignore[arg-type]
