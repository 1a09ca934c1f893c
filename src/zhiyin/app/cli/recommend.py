"""``zhiyin recommend USER``."""

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
    table,
    teaching,
)
from zhiyin.core.slate import Position, Slate
from zhiyin.pipeline.slating.query import read_context
from zhiyin.pipeline.wiring import open_workspace


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(recommend)


def recommend(
    user: Annotated[
        str,
        typer.Argument(metavar="USER", help="User id; one never seen gets what everybody likes."),
    ],
    workspace: WorkspaceOption = Path("."),
    n: Annotated[
        int | None,
        typer.Option("-n", min=1, max=1000, help="How many items; else as the surface has."),
    ] = None,
    surface: Annotated[str, typer.Option(help="Where the slate appears.")] = "home",
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what speaks for each item.")
    ] = False,
    only: Annotated[
        str, typer.Option("--filter", help="Only items for which this holds: 'price < 30'.")
    ] = "",
    boost: Annotated[
        str, typer.Option(help="What scores are multiplied with: 'if(new is true, 2, 1)'.")
    ] = "",
    context: Annotated[str, typer.Option(help="The moment, as a JSON object.")] = "",
    page_of: Annotated[
        str, typer.Option(help="Id of a slate: its next page, which repeats nothing.")
    ] = "",
    properties: Annotated[
        list[str] | None,
        typer.Option("--property", help="An attribute to return with each item; '*' for all."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draw.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Show a slate for a user, and log its exposure."""
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        slate = opened.recommend(
            user,
            n=n,
            surface=surface,
            explain=explain,
            filter=only,
            boost=boost,
            context=read_context(context),
            page_of=page_of,
            return_properties=properties or (),
            seed=seed,
        )
        titles = opened.titles([*slate.item_ids, *cited_items(slate)])
    if as_json:
        print_json(slate.model_dump(mode="json"))
        return
    console.print(slate_table(f"For {user}", slate, titles, explain=explain))
    for fallback in slate.fallbacks:
        console.print(fallback, style="yellow")
    for lost in slate.lost_rules:
        console.print(f"{lost.rule}: yielded to {lost.lost_to}, {lost.why}", style="yellow")
    console.print(f"slate {slate.slate_id}, model {slate.model_version}", style="dim")


def slate_table(title: str, slate: Slate, titles: dict[str, str], *, explain: bool) -> Table:
    """A slate as people read it."""
    shown = list(dict.fromkeys(name for p in slate.positions for name in p.properties))
    columns = ["#", "item", "title", "score", *shown] + (["because of"] if explain else [])
    rows = [
        [place, p.item_id, titles.get(p.item_id, ""), p.score]
        + [str(p.properties.get(name, "")) for name in shown]
        + ([because(p, titles)] if explain else [])
        for place, p in enumerate(slate.positions, start=1)
    ]
    return table(title, columns, rows)


def because(position: Position, titles: dict[str, str]) -> str:
    """The evidence of a position in one line, from recorded fields only."""
    return "; ".join(
        f"{fact.event} of {titles.get(fact.item_id, fact.item_id)} ({fact.share:.0%})"
        if fact.item_id is not None
        else fact.text
        for fact in position.evidence
    )


def cited_items(slate: Slate) -> list[str]:
    """Every item that the slate's evidence speaks of."""
    facts = [fact for position in slate.positions for fact in position.evidence]
    return [fact.item_id for fact in facts if fact.item_id is not None]
