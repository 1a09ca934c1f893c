"""``zhiyin explain USER ITEM``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zhiyin.app.cli.output import (
    JsonOption,
    WorkspaceOption,
    console,
    known_workspace,
    print_json,
    teaching,
)
from zhiyin.narrate.explain import Length
from zhiyin.narrate.language import Language
from zhiyin.pipeline.explaining import explain_item
from zhiyin.pipeline.wiring import open_workspace


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(explain)


def explain(
    user: Annotated[str, typer.Argument(metavar="USER", help="User id.")],
    item: Annotated[str, typer.Argument(metavar="ITEM", help="Item id.")],
    workspace: WorkspaceOption = Path("."),
    surface: Annotated[str, typer.Option(help="Where it would be shown.")] = "home",
    language: Annotated[
        Language | None, typer.Option(help="Of the words; else that of the titles.")
    ] = None,
    length: Annotated[Length, typer.Option(help="How much is told.")] = "medium",
    instead_of: Annotated[
        str | None, typer.Option("--instead-of", help="Another item: why not that one.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say why an item is, or would be, shown to a user, from recorded facts."""
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        found = explain_item(
            opened.engine(),
            opened.stores.entities,
            user_id=user,
            item_id=item,
            surface=surface,
            language=language,
            length=length,
            instead_of=instead_of,
        )
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    console.print(found.explanation.text, markup=False, highlight=False)
