"""``zhiyin train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
from zhiyin.app.cli.reranker import learn
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
    update: Annotated[
        bool, typer.Option("--update", help="Teach the published model what came since.")
    ] = False,
    reranker: Annotated[
        bool,
        typer.Option("--reranker", help="Fine-tune a reranker of search on what was clicked."),
    ] = False,
    backbone: Annotated[
        str | None,
        typer.Option(help="With --reranker: 'e5', or the folder or hub id of a BERT."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Learn from everything in the store, and publish the model."""
    if backbone is not None and not reranker:
        raise typer.BadParameter("--backbone says what a reranker begins with: add --reranker")
    if reranker:
        if update or recipe is not None:
            raise typer.BadParameter("--reranker trains nothing else: no --recipe, no --update")
        learn(workspace, backbone=backbone, budget=budget, as_json=as_json)
        return
    if update and recipe is not None:
        raise typer.BadParameter("--update keeps the members of the published model: no --recipe")
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        with progress_bar(quiet=as_json, first="reading the store") as listen:
            trained = (
                opened.update(budget=budget, progress=listen)
                if update
                else opened.train(recipe=recipe, budget=budget, progress=listen)
            )
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
    for line in reasons(trained.report):
        console.print(f"  {line}", markup=False, highlight=False)


def reasons(report: dict[str, Any]) -> list[str]:
    """Why these members: the goal they reached, and what was not taken."""
    lines: list[str] = []
    goal = dict(report["goal"])
    alone = goal.pop("best_member", None)
    for name, value in goal.items():
        lines.append(f"chosen by {name} on held-out events: {value:.4f}, best alone {alone:.4f}")
    return lines + [f"not taken: {line}" for line in report["skipped"]]
