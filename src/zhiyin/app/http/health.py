"""Health, readiness, and what Prometheus reads."""

from __future__ import annotations

from fastapi import Request, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from zhiyin.app.http import metrics
from zhiyin.app.http.documented import answers, new_router
from zhiyin.app.http.figures import figures
from zhiyin.app.http.tenants import Tenant, Tenants
from zhiyin.core.errors import ArtifactError
from zhiyin.core.messages import Health

router = new_router("health")


@router.get(
    "/healthz",
    summary="Whether the process is alive",
    responses=answers(Health(status="ok"), says="It is."),
)
def healthz() -> Health:
    """The process is alive. Needs no key."""
    return Health(status="ok")


@router.get(
    "/readyz",
    summary="Whether slates can be made",
    responses=answers(Health(status="ok", model_version="v000003"), says="They can."),
)
def readyz(request: Request) -> Health:
    """Slates can be made. Needs no key.

    With one workspace, or with a key, it is that one that is asked; of several, every one
    that was ever trained must serve.
    """
    tenant: Tenant | None = request.scope["zhiyin.tenant"]
    if tenant is not None:
        return Health(status="ok", model_version=tenant.workspace.engine().version)
    tenants: Tenants = request.app.state.tenants
    trained = [t for t in tenants if t.workspace.artifacts.current() is not None]
    for each in trained:
        each.workspace.engine()
    if not trained:
        raise ArtifactError("no workspace here has a trained model", hint="run `zhiyin train`")
    return Health(status="ok")


@router.get(
    "/metrics",
    summary="Counters, histograms and gauges",
    response_class=Response,
    responses=answers(
        'zhiyin_requests_total{route="/v1/recommend",status="200"} 4711.0\n',
        says="In Prometheus' form.",
        media_type="text/plain",
    ),
)
def read_metrics(request: Request) -> Response:
    """Counters, histograms and gauges in Prometheus' form, of the caller's workspace."""
    tenant: Tenant | None = request.scope["zhiyin.tenant"]
    tenants: Tenants = request.app.state.tenants
    asked = list(tenants) if tenant is None else [tenant]
    body = metrics.exposition(figures(asked), workspace=None if tenant is None else tenant.name)
    return Response(body, media_type=CONTENT_TYPE_LATEST)
