"""The service: FastAPI over one or several workspaces, in one or several processes."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from zhiyin import __version__
from zhiyin.app.http import metrics
from zhiyin.app.http.api import API_ROUTERS, describe
from zhiyin.app.http.express import Express
from zhiyin.app.http.gate import Gate, Tracer
from zhiyin.app.http.health import router as health
from zhiyin.app.http.logs import logger, set_up_logs
from zhiyin.app.http.problems import install_problems
from zhiyin.app.http.protocol import PatientProtocol
from zhiyin.app.http.rates import RateLimiter
from zhiyin.app.http.tenants import Tenants, check_address, named
from zhiyin.app.parent import end_with
from zhiyin.core.errors import ArtifactError, ZhiyinError
from zhiyin.core.registry import load_path
from zhiyin.core.threads import one_blas_thread
from zhiyin.pipeline.loop import Loop
from zhiyin.pipeline.service_settings import HttpSettings
from zhiyin.pipeline.settings import read_settings
from zhiyin.pipeline.wiring import SETTINGS_FILE, open_workspace
from zhiyin.pipeline.workspace import Workspace

ROUTERS = (health, *API_ROUTERS)
"""Every route of the service."""
_PLAN = "ZHIYIN_SERVE"
"""Variable that tells worker processes what they serve."""
_SWAP_PATIENCE_S = 0.25
"""Seconds that a request waits for a model that was just published, before the old answers."""
_BLAS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def create_app(
    workspaces: Path | Sequence[Path],
    *,
    keyless: bool = True,
    shared: Path | None = None,
    loop: bool = False,
    console: Path | None = None,
) -> FastAPI:
    """The application over the workspaces in some folders.

    Args:
        workspaces: A folder or several.
        keyless: Whether callers without a key are let in while nobody has made one.
        shared: Folder for what workers share; None where there is one worker.
        loop: Whether this process trains on schedule and guards what serves.
        console: Unix socket of the console's process; None for no console.
    """
    folders = [workspaces] if isinstance(workspaces, Path) else list(workspaces)
    settings = read_settings(folders[0] / SETTINGS_FILE).http
    tenants = Tenants(folders, keyless=keyless)
    limiter = RateLimiter(None if shared is None else shared / "rates")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        with ExitStack() as stack:
            stack.callback(limiter.close)
            stack.callback(tenants.close)
            tenants.open(partial(open_workspace, several=shared is not None))
            stack.enter_context(one_blas_thread())
            current_default_thread_limiter().total_tokens = settings.threads
            _get_ready(tenants)
            _preload(tenants, stack)
            if loop:
                for tenant in tenants:
                    stack.enter_context(Loop(tenant.workspace, tenant.traffic))
            yield

    app = FastAPI(title="Zhiyin", version=__version__, lifespan=lifespan)
    app.state.tenants = tenants
    for each in ROUTERS:
        app.include_router(each)
    describe(app)
    install_problems(app)
    app.add_middleware(Express, side_by_side=settings.slate_threads)
    app.add_middleware(
        Gate,
        tenants=tenants,
        settings=settings,
        limiter=limiter,
        tracer=_tracer(settings),
    )
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["*"],
            allow_headers=["Authorization", "Content-Type", "X-Request-Id", "X-Zhiyin-Workspace"],
            expose_headers=["X-Request-Id", "ETag", "Retry-After"],
        )
    if console is not None:
        app.add_middleware(load_path("zhiyin.app.console.door:Door"), socket=console)
    return app


def run_server(
    workspaces: Path | Sequence[Path],
    *,
    host: str,
    port: int,
    workers: int = 1,
    console: bool = False,
) -> None:
    """Serves until interrupted; then requests under way are given time to end.

    Queries come side by side, so none of them may spread over the cores: with a thread per
    core in BLAS they would wait for one another.

    Args:
        workspaces: A folder or several.
        host: Address to listen on.
        port: Port to listen on.
        workers: Processes that answer.
        console: Whether the pages of the console are there too, under /console.

    Raises:
        ConfigError: The address can be reached from elsewhere, and a workspace has no key;
            or the console is not installed.
    """
    folders = [workspaces] if isinstance(workspaces, Path) else list(workspaces)
    named(folders)
    keyless = check_address(host, folders)
    settings = read_settings(folders[0] / SETTINGS_FILE).http
    for folder in folders:  # wrong settings and unreadable stores are told before workers start
        open_workspace(folder).close()
    if console:
        load_path("zhiyin.app.console.starting:check_installed")()
        port = port or load_path("zhiyin.app.console.starting:free_port")(host)
    with ExitStack() as stack:
        shared = stack.enter_context(tempfile.TemporaryDirectory(prefix="zhiyin-"))
        socket = Path(shared) / "console.sock" if console else None
        plan = {
            "folders": [str(folder) for folder in folders],
            "keyless": keyless,
            "parent": os.getpid(),
            "shared": shared if workers > 1 else "",
            "console": str(socket or ""),
        }
        os.environ[_PLAN] = json.dumps(plan)
        for name in _BLAS:
            os.environ.setdefault(name, "1")
        if workers > 1:
            os.environ[metrics.MULTIPROCESS] = shared
        set_up_logs(settings.log)
        if socket is not None:
            start = load_path("zhiyin.app.console.starting:running")
            stack.enter_context(
                start(socket=socket, host=host, port=port, workspaces=list(named(folders)))
            )
        uvicorn.run(
            "zhiyin.app.http.server:worker_app",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            **_limits(settings, web_sockets=console),
        )


def worker_app() -> FastAPI:
    """The application of one worker process, as `run_server` planned it."""
    plan = json.loads(os.environ[_PLAN])
    if os.getpid() != plan["parent"]:  # a single worker is no child: nobody ends it but its user
        end_with(plan["parent"])
    folders = [Path(folder) for folder in plan["folders"]]
    settings = read_settings(folders[0] / SETTINGS_FILE).http
    set_up_logs(settings.log)
    PatientProtocol.header_s = settings.header_s
    PatientProtocol.most_requests = settings.connection_requests if plan["shared"] else 0
    shared = Path(plan["shared"]) if plan["shared"] else None
    console = Path(plan["console"]) if plan["console"] else None
    return create_app(folders, keyless=plan["keyless"], shared=shared, loop=True, console=console)


def _limits(settings: HttpSettings, *, web_sockets: bool) -> dict[str, Any]:
    return {
        "http": "zhiyin.app.http.protocol:PatientProtocol",
        "loop": "auto",
        "ws": "websockets-sansio" if web_sockets else "none",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "limit_concurrency": settings.max_connections,
        "timeout_keep_alive": max(1, round(settings.header_s)),
        "timeout_graceful_shutdown": settings.shutdown_s,
        # A worker that is busy importing on a loaded machine is not taken for a dead one.
        "timeout_worker_healthcheck": 60,
    }


def _get_ready(tenants: Tenants) -> None:
    """Loads what was trained, so that the first request need not wait for it."""
    for tenant in tenants:
        try:
            tenant.workspace.engine()
        except ArtifactError:
            continue  # nothing trained yet, or damaged: /readyz and each request tell
        finally:
            tenant.workspace.following.patience_s = _SWAP_PATIENCE_S


def _preload(tenants: Tenants, stack: ExitStack) -> None:
    """Loads in the background what conversations need, where [chat] asks for it.

    Whoever closes the stack waits for it: stores are not closed while they are read.
    """

    def load(workspace: Workspace) -> None:
        try:
            workspace.chats.prepare()
        except ZhiyinError as error:  # the first message tells its caller, too
            logger.warning("nothing is loaded ahead for conversations: %s", error)

    for tenant in tenants:
        if tenant.workspace.settings.chat.preload:
            thread = Thread(target=load, args=[tenant.workspace], name="preload", daemon=True)
            thread.start()
            stack.callback(thread.join)


def _tracer(settings: HttpSettings) -> Tracer | None:
    if not settings.traces:
        return None
    make = load_path("zhiyin.app.http.tracing:make_tracer")
    tracer: Tracer = make(settings.traces)
    return tracer
