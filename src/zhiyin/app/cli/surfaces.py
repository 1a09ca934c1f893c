"""``zhiyin surfaces``."""

from __future__ import annotations

from pathlib import Path

import typer

from zhiyin.app.cli.output import (
    JsonOption,
    WorkspaceOption,
    console,
    known_workspace,
    print_json,
    table,
    teaching,
)
from zhiyin.pipeline.slating.describing import surfaces_of
from zhiyin.pipeline.wiring import open_workspace


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(surfaces)


def surfaces(workspace: WorkspaceOption = Path("."), as_json: JsonOption = False) -> None:
    """Show what each surface does: lengths, filters, rules, diversity, exploration."""
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        found = surfaces_of(opened.settings)
    if as_json:
        print_json([view.model_dump(mode="json") for view in found])
        return
    rows = [[view.name, "\n".join(view.does)] for view in found]
    console.print(table("Surfaces", ["surface", "does"], rows))
