"""``zhiyin copy ITEM``."""

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
from zhiyin.core.messages import CopyKind, CopyQuery
from zhiyin.narrate.language import Language
from zhiyin.pipeline.copywriting import write_in
from zhiyin.pipeline.wiring import open_workspace


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(copy)


def copy(
    items: Annotated[list[str], typer.Argument(metavar="ITEM", help="Item ids.")],
    workspace: WorkspaceOption = Path("."),
    kind: Annotated[CopyKind, typer.Option(help="What is written.")] = "blurb",
    user: Annotated[str | None, typer.Option(help="For whom; else for everybody.")] = None,
    segment: Annotated[str, typer.Option(help="Whom it is for, in words.")] = "",
    surface: Annotated[str, typer.Option(help="Where it will stand.")] = "home",
    language: Annotated[
        Language | None, typer.Option(help="Its language; else as the settings say.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, max=10, help="Texts for each item.")] = 1,
    model: Annotated[
        bool, typer.Option("--model/--templates", help="Ask the language model, or do not.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Write about items, from recorded facts: a title, blurb, push, e-mail or ad."""
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        query = CopyQuery(
            item_ids=items,
            kind=kind,
            user_id=user,
            segment=segment,
            surface=surface,
            language=language,
            n=n,
            model=model,
        )
        texts = write_in(opened, query)
    if as_json:
        print_json([text.model_dump(mode="json") for text in texts])
        return
    for text in texts:
        console.print(f"{text.item_id}  {text.copy_id}  {text.made_by}", highlight=False)
        for name, words in text.parts.items():
            console.print(f"  {name}: {words}", markup=False, highlight=False)
