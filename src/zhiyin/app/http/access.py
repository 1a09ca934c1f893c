"""Who may do what: every route asks here for its workspace.

A route takes ``workspace: Opened`` and gets the workspace that the caller's key belongs to;
`scope_of` says which scope the route needs, from its method and path, so that a route nobody
thought of needs the strictest that fits. The check itself is made before the body is read, in
`zhiyin.app.http.gate`.
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Request

from zhiyin.app.http.keys import Scope
from zhiyin.app.http.tenants import Tenant
from zhiyin.pipeline.workspace import Workspace

OPEN_PATHS = frozenset({"/healthz", "/readyz", "/docs", "/openapi.json", "/docs/oauth2-redirect"})
"""Answered without a key: nothing of any workspace is in them."""

METRICS_PATH = "/metrics"
"""What Prometheus reads; shows the workspace of the key."""

_ASKING = ("/v1/recommend", "/v1/rank", "/v1/search", "/v1/similar", "/v1/slates", "/v1/explain")
"""Paths whose POST changes nothing."""
_ADMIN = (
    *("/v1/train", "/v1/models", "/v1/jobs", "/v1/export", "/v1/erase", "/v1/keys"),
    *("/v1/settings", "/v1/surfaces"),
)
"""Paths for whoever runs the service, whatever the method, but for what follows."""
_SHOWN = ("/v1/models", "/v1/surfaces")
"""Paths of these that everybody who has a key may read."""


def scope_of(method: str, path: str) -> Scope:
    """The scope that a request needs."""
    reads = method in ("GET", "HEAD", "OPTIONS")
    if _under(path, _ADMIN) and not (reads and _under(path, _SHOWN)):
        return "admin"
    return "read" if reads or (method == "POST" and _under(path, _ASKING)) else "write"


async def opened_workspace(request: Request) -> Workspace:
    """The workspace that the caller's key belongs to; asynchronous, for it needs no thread."""
    workspace: Workspace = request.scope["zhiyin.workspace"]
    return workspace


Opened = Annotated[Workspace, Depends(opened_workspace)]
"""The workspace of a request; what a route takes."""


def tenant_of(request: Request) -> Tenant:
    """The workspace that the caller's key belongs to, with what is counted of it."""
    tenant: Tenant = request.scope["zhiyin.tenant"]
    return tenant


AtTenant = Annotated[Tenant, Depends(tenant_of)]
"""The same with what is counted of it; what a route takes that tells of traffic."""


def _under(path: str, places: tuple[str, ...]) -> bool:
    # Whatever is no letter, digit, hyphen or the like ends a name, not a slash alone.
    head = "/".join(re.split(r"[^\w.~-]", path, maxsplit=3)[:3])
    return head in places
