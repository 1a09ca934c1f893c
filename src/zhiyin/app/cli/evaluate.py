"""``zhiyin evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zhiyin.app.cli.output import (
    JsonOption,
    WorkspaceOption,
    console,
    errors,
    known_workspace,
    print_json,
    progress_bar,
    teaching,
)
from zhiyin.app.cli.reports import print_report
from zhiyin.pipeline.assembly import load_dataset
from zhiyin.pipeline.evaluate import EvaluationSettings, HoldOut, write_report
from zhiyin.pipeline.evaluate import evaluate as measure
from zhiyin.pipeline.settings import seconds
from zhiyin.pipeline.wiring import open_workspace


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(evaluate)


def evaluate(
    workspace: WorkspaceOption = Path("."),
    recipe: Annotated[
        str | None, typer.Option(help="'auto', or one model's name; default: zhiyin.toml.")
    ] = None,
    beside: Annotated[str, typer.Option(help="Models to compare with, such as ease,ials.")] = "",
    protocol: Annotated[HoldOut, typer.Option(help="What is held out.")] = HoldOut.AUTO,
    budget: Annotated[str | None, typer.Option(help="Upper bound, such as 60s or 15m.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Train on a part of the store, look for the rest, and compare with popularity.

    Nothing is published; the report is kept in the workspace as evaluation.json.
    """
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        chosen = opened.settings.train
        settings = EvaluationSettings(
            recipe=recipe or chosen.recipe,
            beside=tuple(name.strip() for name in beside.split(",") if name.strip()),
            protocol=protocol,
            budget_s=seconds(budget or chosen.budget),
            seed=chosen.seed,
            ranker=opened.settings.ranker,
        )
        with progress_bar(quiet=as_json, first="reading the store") as listen:
            dataset = load_dataset(
                opened.stores.events,
                opened.stores.entities,
                settings=opened.settings.events,
                exposures=opened.stores.exposures,
            )
            report = measure(dataset, settings, progress=listen)
        path = write_report(report, opened.folder)
    if as_json:
        print_json(report)
        return
    print_report(report, console)
    errors.print(f"  kept in {path}", markup=False, highlight=False)
