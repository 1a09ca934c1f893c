"""``zhiyin explain USER ITEM``."""

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
    teaching,
)
from zhiyin.core.messages import Explained, ExplainQuery, Method
from zhiyin.narrate.explain import Length
from zhiyin.narrate.language import Language
from zhiyin.pipeline.explaining import explain_in
from zhiyin.pipeline.wiring import open_workspace

_BAR = 20


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
    method: Annotated[Method, typer.Option(help="How influence is measured.")] = "likeness",
    model: Annotated[
        bool, typer.Option("--model", help="In the words of the language model, checked.")
    ] = False,
    plot: Annotated[bool, typer.Option("--plot", help="Events and features, with bars.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say why an item is, or would be, shown to a user, from recorded facts."""
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        query = ExplainQuery(
            user_id=user,
            item_id=item,
            surface=surface,
            instead_of=instead_of,
            language=language,
            length=length,
            method=method,
            model=model,
        )
        found = explain_in(opened, query)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    console.print(found.explanation.text, markup=False, highlight=False)
    if model and found.explanation.made_by == "template":
        why = "; ".join(found.explanation.refused) or "[llm] of zhiyin.toml names no model"
        console.print(f"(not in a model's words: {why})", style="dim", markup=False)
    if plot or method != "likeness":
        _tables(found)


def _tables(found: Explained) -> None:
    """What the events and the features do, in points of the score."""
    rows = [(event.title, event.influence) for event in found.events]
    _table(f"events, by {found.method}", rows)
    if found.retrieved is not None and found.without_events is not None:
        console.print(
            f"score of the retrievers {found.retrieved:.3f}, "
            f"without these events {found.without_events:.3f}",
            highlight=False,
        )
    _table("features of the ranker", [(f.feature, f.contribution) for f in found.features])


def _table(title: str, rows: list[tuple[str, float]]) -> None:
    if not rows:
        return
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("what", overflow="fold")
    table.add_column("points", justify="right")
    table.add_column("")
    widest = max(abs(value) for _, value in rows) or 1.0
    for name, value in rows:
        bar = ("+" if value >= 0 else "-") * round(_BAR * abs(value) / widest)
        table.add_row(name.replace("[", "\\["), f"{value:+.3f}", bar)
    console.print(table)
