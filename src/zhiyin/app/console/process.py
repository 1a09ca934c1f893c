"""The console's process: NiceGUI on a unix socket, behind the service's address."""

from __future__ import annotations

import argparse
import os
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from nicegui import app as pages_app
from nicegui import ui

from zhiyin.app.console.door import PREFIX
from zhiyin.app.console.pages.listing import register_pages
from zhiyin.app.console.visits import Visits
from zhiyin.app.parent import end_with

COOKIE = "zhiyin_console"
"""Cookie that names a visitor; what they gave stays in the process."""


def create_console(visits: Visits) -> FastAPI:
    """The console as an application, below `PREFIX`.

    Args:
        visits: Who is here, and how the service is asked for them.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    register_pages(visits)
    pages_app.on_shutdown(visits.close)  # type: ignore[reportUnknownMemberType]
    ui.run_with(  # type: ignore[reportUnknownMemberType]
        app,
        mount_path=PREFIX,
        title="Zhiyin",
        tailwind=False,
        reconnect_timeout=30.0,
        show_welcome_message=False,
        storage_secret=secrets.token_urlsafe(32),
        session_middleware_kwargs={
            "session_cookie": COOKIE,
            "same_site": "strict",
            "path": PREFIX,
            "max_age": None,
        },
    )
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Serves until it is ended, or whoever started it is gone."""
    parser = argparse.ArgumentParser(prog="zhiyin console")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--workspaces", nargs="*", default=[])
    given = parser.parse_args(arguments)
    end_with(os.getppid())
    given.socket.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="zhiyin-console-") as folder:
        # NiceGUI's own storage is not used; were it, its files would not be left behind.
        type(pages_app.storage).path = Path(folder)
        app = create_console(Visits(given.address, workspaces=given.workspaces))
        uvicorn.run(
            app,
            uds=str(given.socket),
            ws="websockets-sansio",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )


if __name__ == "__main__":
    main()
