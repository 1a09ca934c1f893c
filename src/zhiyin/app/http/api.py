"""The interface as a whole: its routes, and what is said of them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from zhiyin import __version__
from zhiyin.app.http.documented import TAGS
from zhiyin.app.http.resources import (
    activity,
    chat,
    copies,
    data,
    events,
    explain,
    items,
    models,
    overview,
    profile,
    recommend,
    search,
    settings,
    similar,
    users,
)
from zhiyin.core.messages import Problem

API_ROUTERS = tuple(
    resource.router
    for resource in (
        events,
        items,
        users,
        recommend,
        similar,
        search,
        chat,
        explain,
        copies,
        profile,
        data,
        models,
        settings,
        overview,
        activity,
    )
)
"""Every route under ``/v1``."""

_ABOUT = """
A recommender over HTTP. Every error is `application/problem+json` with a `hint` that says what
to do next. Where keys were made, send one as `Authorization: Bearer KEY`; the scopes are read,
write and admin. An event, an item or an erasure that was acknowledged acts on the next answer.
"""


def describe(app: FastAPI) -> None:
    """Gives an application its OpenAPI document."""

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="Zhiyin",
        version=__version__,
        description=_ABOUT.strip(),
        routes=app.routes,
        tags=TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas["Problem"] = schema
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    document["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "`zhiyin keys create`"}
    }
    document["security"] = [{}, {"key": []}]
    return document
