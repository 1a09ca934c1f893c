"""``zhiyin features``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
from zhiyin.pipeline.feature_list import list_features
from zhiyin.pipeline.wiring import open_workspace


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(features)


def features(workspace: WorkspaceOption = Path("."), as_json: JsonOption = False) -> None:
    """Explain what the ranker looks at, and how much each feature counts."""
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        trained = opened.engine().trained
        found = list_features(trained)
    if as_json:
        print_json(found)
        return
    rows: list[dict[str, Any]] = found["features"]
    console.print(
        table(
            f"Features of {found['scorer'] or 'the retrievers alone'}",
            ["group", "feature", "unit", "what it says", "counts"],
            [
                (
                    row["group"],
                    row["name"],
                    row["unit"],
                    row["what"],
                    "" if row["importance"] is None else f"{row['importance']:.4f}",
                )
                for row in rows
            ],
        )
    )
    console.print(found["note"], markup=False)
    for name, told in found["estimates"].items():
        console.print(f"{name}: {estimate_line(told)}", markup=False)


def estimate_line(told: dict[str, Any]) -> str:
    """How an estimate was learned and how true it is, or why there is none."""
    if "why" in told:
        return str(told["why"])
    if "ece" in told:
        errors = f"calibration error {told['ece_before']:.4f}, with {told['calibrator']} "
        return f"{told['scorer']} from {told['rows']:,} rows, {errors}{told['ece']:.4f}"
    return ", ".join(f"{name} {value}" for name, value in told.items())
