"""The service: FastAPI over one workspace."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from zhiyin import __version__
from zhiyin.app.http.catalogue import router as catalogue
from zhiyin.app.http.profile_routes import router as profile_router
from zhiyin.app.http.routes import router
from zhiyin.core.errors import (
    ArtifactError,
    DataError,
    StoreBusyError,
    StoreError,
    UnknownEntityError,
    ZhiyinError,
)
from zhiyin.core.threads import one_blas_thread
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
    app.include_router(catalogue)
    app.include_router(profile_router)
    app.add_exception_handler(ZhiyinError, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    return app


def run_server(workspace: Path, *, host: str, port: int) -> None:
    """Serves until interrupted.

    Queries come side by side, so none of them may spread over the cores: with a thread per
    core in BLAS they would wait for one another.
    """
    with one_blas_thread():
        uvicorn.run(create_app(workspace), host=host, port=port, log_level="warning")


async def _problem(_request: Request, error: Exception) -> JSONResponse:
    """Problem details (RFC 9457) for every error of ours."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 400)
    return _details(type(error).__name__, status, str(error))


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """Problem details for a request of the wrong shape: each fault with its place."""
    faults: Sequence[Any] = error.errors() if isinstance(error, RequestValidationError) else ()
    lines = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in faults]
    return _details("InvalidRequest", 422, "; ".join(lines))


def _details(title: str, status: int, detail: str) -> JSONResponse:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")
