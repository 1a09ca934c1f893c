"""``zhiyin doctor``."""

from __future__ import annotations

from pathlib import Path

import typer

from zhiyin.app.cli.output import (
    JsonOption,
    WorkspaceOption,
    console,
    known_workspace,
    print_json,
    teaching,
)
from zhiyin.pipeline.doctor import Finding, examine
from zhiyin.pipeline.wiring import open_workspace

_MARK = {"ok": "[green]✓[/]", "note": "[dim]·[/]", "warning": "[yellow]![/]", "error": "[red]✗[/]"}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(doctor)


def doctor(workspace: WorkspaceOption = Path("."), as_json: JsonOption = False) -> None:
    """Say what is configured, reachable, stale or ignored, and what to do about it."""
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        findings = examine(opened)
    if as_json:
        print_json([finding.model_dump() for finding in findings])
    else:
        _print(findings)
    if any(finding.status == "error" for finding in findings):
        raise typer.Exit(1)


def _print(findings: list[Finding]) -> None:
    for finding in findings:
        console.print(f"{_MARK[finding.status]} [bold]{finding.subject}[/]", end="  ")
        console.print(finding.detail, markup=False, highlight=False)
        if finding.advice:
            console.print(f"    → {finding.advice}", markup=False, highlight=False, style="yellow")
