"""``zhiyin serve``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zhiyin.app.cli.output import WorkspaceOption, console, known_workspace, teaching
from zhiyin.core.registry import load_path


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(serve)


def serve(
    workspace: WorkspaceOption = Path("."),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8088,
) -> None:
    """Answer over HTTP: /v1/recommend, /v1/events, /docs."""
    with teaching():
        known_workspace(workspace)
        run_server = load_path("zhiyin.app.http.server:run_server")
        console.print(f"Zhiyin serves {workspace} on http://{host}:{port} (docs at /docs)")
        run_server(workspace, host=host, port=port)
