"""``zhiyin search TEXT``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from zhiyin.app.cli.output import (
    JsonOption,
    WorkspaceOption,
    console,
    known_workspace,
    print_json,
    progress_bar,
    table,
    teaching,
)
from zhiyin.core.messages.search import Understood
from zhiyin.pipeline.search.results import SearchHit, SearchResult
from zhiyin.pipeline.wiring import open_workspace


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(search)


def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to search for.")],
    workspace: WorkspaceOption = Path("."),
    user: Annotated[str | None, typer.Option(help="For whom: taste breaks near ties.")] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="How many items.")] = 10,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the sentence and the words that matched.")
    ] = False,
    understand: Annotated[
        bool, typer.Option("--understand", help="Read filters out of it that every hit keeps.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Search the catalogue by meaning and by words; needs no training."""
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        with progress_bar(quiet=as_json, first="opening the catalogue") as listen:
            found = opened.search(
                text, n=n, user_id=user, explain=explain, understand=understand, progress=listen
            )
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    if found.understood is not None:
        console.print(_meant(found.understood), markup=False, highlight=False)
    console.print(_table(found, explain=explain))
    for fallback in found.fallbacks:
        console.print(fallback, style="yellow", markup=False, highlight=False)


def _table(found: SearchResult, *, explain: bool) -> Table:
    columns = ["#", "item", "title", "score", "meaning", "keywords"]
    columns += ["taste"] if found.user_id is not None else []
    columns += ["because of"] if explain else []
    rows = [
        [place, hit.item_id, hit.title, hit.score, hit.meaning, hit.keywords]
        + ([hit.personal] if found.user_id is not None else [])
        + ([_because(hit)] if explain else [])
        for place, hit in enumerate(found.hits, start=1)
    ]
    return table(f"Found for {found.query}", columns, rows)


def _meant(understood: Understood) -> str:
    """What a query was taken to mean, in one line."""
    parts = [f"searched for “{understood.rewrite}”"] if understood.rewrite else []
    for wish in understood.filters:
        values = " or ".join(str(value) for value in (wish.value, *wish.or_else))
        parts.append(f"{wish.field} {wish.op} {values}")
    parts += [f"asked for in the order {understood.order}"] if understood.order else []
    return f"Understood ({understood.intent}): {'; '.join(parts)}"


def _because(hit: SearchHit) -> str:
    words = f" [{', '.join(hit.words)}]" if hit.words else ""
    return f"{hit.passage}{words}"
