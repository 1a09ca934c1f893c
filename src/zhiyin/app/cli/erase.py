"""``zhiyin erase``."""

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
    table,
    teaching,
)
from zhiyin.pipeline.wiring import open_workspace


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(erase)


def erase(
    kind: Annotated[str, typer.Argument(metavar="user|item", help="A user or an item.")],
    id: Annotated[str, typer.Argument(metavar="ID", help="Its id.")],
    workspace: WorkspaceOption = Path("."),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Erase a user or an item from the store, the models and the next slate.

    Prints a certificate: what was removed, where and when. Running servers follow at once.
    """
    if kind not in ("user", "item"):
        raise typer.BadParameter(f"{kind!r} is neither user nor item")
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        if not (yes or as_json):
            typer.confirm(f"Erase the {kind} {id}? This cannot be taken back", abort=True)
        certificate = opened.erase(kind, id)
    if as_json:
        print_json(certificate.model_dump(mode="json"))
        return
    rows = [(each.place, each.records) for each in certificate.removed]
    console.print(table(f"Certificate {certificate.certificate_id}", ["place", "removed"], rows))
    if not certificate.found:
        console.print("Nothing was known of it.", style="yellow")
    for line in certificate.remains:
        console.print(f"What remains: {line}", markup=False, highlight=False)
