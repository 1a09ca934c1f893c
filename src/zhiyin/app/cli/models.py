"""``zhiyin models`` and ``zhiyin rollback``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
from zhiyin.pipeline.wiring import open_workspace


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(models)
    app.command()(rollback)


def models(workspace: WorkspaceOption = Path("."), as_json: JsonOption = False) -> None:
    """List the versions of the model, and which one serves."""
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        current = opened.artifacts.current()
        manifests = [opened.artifacts.manifest(v) for v in opened.artifacts.versions()]
    rows = [_row(manifest, serving=manifest["version"] == current) for manifest in manifests]
    if as_json:
        print_json(rows)
        return
    console.print(
        table(
            "Models",
            ["version", "serving", "members"],
            [
                (row["version"], "✓" if row["serving"] else "", ", ".join(row["members"]))
                for row in rows
            ],
        )
    )


def rollback(
    workspace: WorkspaceOption = Path("."),
    to: Annotated[str | None, typer.Option(help="Version; default: the one before.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Let an older model serve; running servers follow at once."""
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        if to is None:
            to = opened.artifacts.rollback()
        else:
            opened.artifacts.point_at(to)
    if as_json:
        print_json({"version": to})
    else:
        console.print(f"{to} serves now")


def _row(manifest: dict[str, Any], *, serving: bool) -> dict[str, Any]:
    members = [f"{m['name']} {m['weight']:.2f}" for m in manifest["members"]]
    return {"version": manifest["version"], "serving": serving, "members": members}
