"""``zhiyin similar ID``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

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
    """Adds the command."""
    app.command()(similar)


def similar(
    entity: Annotated[str, typer.Argument(metavar="ID", help="An item id; with --user a user id.")],
    workspace: WorkspaceOption = Path("."),
    user: Annotated[bool, typer.Option("--user", help="People like this person.")] = False,
    n: Annotated[int, typer.Option("-n", min=1, help="How many.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Show the items most like an item, or the people most like a person."""
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        engine = opened.engine()
        found = engine.similar_users(entity, n=n) if user else engine.similar_items(entity, n=n)
        titles = {} if user else opened.titles([entity, *(neighbour.id for neighbour in found)])
    if as_json:
        print_json([asdict(neighbour) for neighbour in found])
        return
    columns = ["#", "user", "score"] if user else ["#", "item", "title", "score"]
    rows = [
        [place, near.id, near.score]
        if user
        else [place, near.id, titles.get(near.id, ""), near.score]
        for place, near in enumerate(found, start=1)
    ]
    console.print(table(f"Like {titles.get(entity, entity)}", columns, rows))
