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
from zhiyin.pipeline.search.alike import By, Likeness
from zhiyin.pipeline.wiring import open_workspace


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(similar)


def similar(
    entity: Annotated[str, typer.Argument(metavar="ID", help="An item id; with --user a user id.")],
    workspace: WorkspaceOption = Path("."),
    user: Annotated[bool, typer.Option("--user", help="People like this person.")] = False,
    n: Annotated[int, typer.Option("-n", min=1, help="How many.")] = 10,
    by: Annotated[
        By, typer.Option(help="Alike by what items say, by who takes them, or both.")
    ] = "behaviour",
    likeness: Annotated[Likeness, typer.Option(help="How meanings are compared.")] = "cosine",
    category: Annotated[str, typer.Option(help="Only items of this category.")] = "",
    other_categories: Annotated[
        bool, typer.Option("--other-categories", help="Only items that share no category.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the items most like an item, or the people most like a person.

    An item that nobody has taken yet has neighbours by meaning.
    """
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        if user:
            found, titles = opened.engine().similar_users(entity, n=n), dict[str, str]()
        else:
            found = opened.similar(
                entity,
                n=n,
                by=by,
                likeness=likeness,
                category=category,
                other_categories=other_categories,
            )
            titles = opened.titles([entity, *(neighbour.id for neighbour in found)])
    if as_json:
        print_json([asdict(neighbour) for neighbour in found])
        return
    columns = ["#", "user", "score"] if user else ["#", "item", "title", "score", "by"]
    rows = [
        [place, near.id, near.score]
        if user
        else [place, near.id, titles.get(near.id, ""), near.score, near.by]
        for place, near in enumerate(found, start=1)
    ]
    console.print(table(f"Like {titles.get(entity, entity)}", columns, rows))
