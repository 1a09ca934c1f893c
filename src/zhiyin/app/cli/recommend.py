"""``zhiyin recommend USER``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zhiyin.app.cli.output import (
    JsonOption,
    WorkspaceOption,
    console,
    print_json,
    table,
    teaching,
)
from zhiyin.pipeline.wiring import open_workspace


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(recommend)


def recommend(
    user: Annotated[str, typer.Argument(help="User id; one never seen gets what everybody likes.")],
    workspace: WorkspaceOption = Path("."),
    n: Annotated[int, typer.Option("-n", min=1, help="How many items.")] = 10,
    surface: Annotated[str, typer.Option(help="Where the slate appears.")] = "home",
    as_json: JsonOption = False,
) -> None:
    """Show a slate for a user, and log its exposure."""
    with teaching(as_json=as_json), open_workspace(workspace) as opened:
        slate = opened.recommend(user, n=n, surface=surface)
        titles = opened.titles(slate.item_ids)
    if as_json:
        print_json(slate.model_dump(mode="json"))
        return
    rows = [
        (place, p.item_id, titles.get(p.item_id, ""), p.score)
        for place, p in enumerate(slate.positions, start=1)
    ]
    console.print(table(f"For {user}", ["#", "item", "title", "score"], rows))
    console.print(f"slate {slate.slate_id}, model {slate.model_version}", style="dim")
