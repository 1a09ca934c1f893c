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
    workspaces: Annotated[
        list[Path] | None, typer.Argument(help="Folders of workspaces; default: --workspace.")
    ] = None,
    workspace: WorkspaceOption = Path("."),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8088,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes that answer.")] = 1,
    console_too: Annotated[
        bool, typer.Option("--console/--no-console", help="Pages under /console too.")
    ] = False,
) -> None:
    """Answer over HTTP: /v1/recommend, /v1/events, /docs."""
    with teaching():
        folders = [known_workspace(folder) for folder in workspaces or [workspace]]
        run_server = load_path("zhiyin.app.http.server:run_server")
        served = ", ".join(str(folder) for folder in folders)
        # The address last, and never broken: a program may wait for it.
        console.print(f"Zhiyin serves {served}, workers: {workers}", soft_wrap=True)
        places = "docs at /docs, console at /console" if console_too else "docs at /docs"
        console.print(f"http://{host}:{port} ({places})", soft_wrap=True)
        run_server(folders, host=host, port=port, workers=workers, console=console_too)
