"""``zhiyin enrich``."""

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
    progress_bar,
    table,
    teaching,
)
from zhiyin.pipeline.wiring import open_workspace


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(enrich)


def enrich(
    workspace: WorkspaceOption = Path("."),
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many items now; the next run goes on.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Work out a summary, topics and tags for items: by the language model, or by statistics."""
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        with progress_bar(quiet=as_json, first="enriching") as progress:
            report = opened.enrich(limit=limit, progress=progress)
    if as_json:
        print_json(report.model_dump(mode="json"))
        return
    if report.examples:
        rows = [
            [e.item_id, e.summary, ", ".join(e.topics), ", ".join(e.tags)] for e in report.examples
        ]
        console.print(table("For example", ["item", "summary", "topics", "tags"], rows))
    made = ", ".join(f"{n:,} by {source}" for source, n in report.by_source.items())
    console.print(
        f"{report.items:,} items: {made or 'none enriched now'}, {report.unchanged:,} as they were"
        + (f", {report.left:,} left for the next run" if report.left else "")
    )
    for problem, n in report.problems.items():
        console.print(f"{n:,} x not by the model: {problem}", style="yellow", markup=False)
