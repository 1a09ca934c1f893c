"""``zhiyin train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zhiyin.app.cli.output import (
    JsonOption,
    WorkspaceOption,
    console,
    print_json,
    progress_bar,
    table,
    teaching,
)
from zhiyin.pipeline.wiring import open_workspace


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(train)


def train(
    workspace: WorkspaceOption = Path("."),
    recipe: Annotated[
        str | None, typer.Option(help="'auto', or one model's name; default: zhiyin.toml.")
    ] = None,
    budget: Annotated[str | None, typer.Option(help="Upper bound, such as 60s or 15m.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Learn from everything in the store, and publish the model."""
    with teaching(as_json=as_json), open_workspace(workspace) as opened:
        with progress_bar(quiet=as_json) as listen:
            trained = opened.train(recipe=recipe, budget=budget, progress=listen)
        version = opened.artifacts.current()
    if as_json:
        print_json({"version": version, **trained.report})
        return
    chosen = [(m.name, float(m.weight)) for m in trained.blend.members]
    console.print(table(f"Model {version}", ["member", "weight"], chosen))
    console.print(
        f"{len(trained.users):,} users, {len(trained.items):,} items, "
        f"trained in {trained.report['train_s']:.1f} s"
    )
