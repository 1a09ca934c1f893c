"""The service: FastAPI over one workspace."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from zhiyin import __version__
from zhiyin.app.http.routes import router
from zhiyin.core.errors import (
    ArtifactError,
    DataError,
    StoreBusyError,
    StoreError,
    UnknownEntityError,
    ZhiyinError,
)
from zhiyin.pipeline.wiring import open_workspace

_STATUS: list[tuple[type[ZhiyinError], int]] = [
    (UnknownEntityError, 404),
    (DataError, 422),
    (ArtifactError, 503),
    (StoreBusyError, 503),
    (StoreError, 503),
]


def create_app(workspace: Path) -> FastAPI:
    """The application over the workspace in a folder."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        with open_workspace(workspace) as opened:
            app.state.workspace = opened
            yield

    app = FastAPI(title="Zhiyin", version=__version__, lifespan=lifespan)
    app.include_router(router)
    app.add_exception_handler(ZhiyinError, _problem)
    return app


def run_server(workspace: Path, *, host: str, port: int) -> None:
    """Serves until interrupted."""
    uvicorn.run(create_app(workspace), host=host, port=port, log_level="warning")


async def _problem(_request: Request, error: Exception) -> JSONResponse:
    """RFC 9457 problem details for every error of ours."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 400)
    body = {
        "type": "about:blank",
        "title": type(error).__name__,
        "status": status,
        "detail": str(error),
    }
    return JSONResponse(body, status_code=status, media_type="application/problem+json")
