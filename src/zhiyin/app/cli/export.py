"""``zhiyin export``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from zhiyin.app.cli.output import (
    JsonOption,
    WorkspaceOption,
    console,
    known_workspace,
    print_json,
    teaching,
)
from zhiyin.core.errors import StoreFullError
from zhiyin.pipeline.exporting import export_entities, export_events
from zhiyin.pipeline.wiring import open_workspace


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(export)


def export(
    what: Annotated[
        str, typer.Argument(metavar="user|events|items|users", help="One user, or everything.")
    ],
    id: Annotated[str | None, typer.Argument(metavar="ID", help="The user's id.")] = None,
    workspace: WorkspaceOption = Path("."),
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file; else it is printed.")
    ] = None,
    after: Annotated[int, typer.Option(min=0, help="Only events with a greater seq.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Write all data of one user as JSON, or every event, item or user as a line of JSON."""
    if what not in ("user", "events", "items", "users") or (what == "user") != (id is not None):
        raise typer.BadParameter("say `user ID`, or one of events, items, users")
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        if id is not None:
            document = opened.export_user(id).model_dump_json(indent=2) + "\n"
            pieces = iter([document.encode("utf-8")])
        elif what == "events":
            pieces = export_events(opened.stores, after=after)
        else:
            pieces = export_entities(opened.stores, "item" if what == "items" else "user")
        if output is None:
            for piece in pieces:
                sys.stdout.write(piece.decode("utf-8"))
            return
        try:
            with output.open("wb") as file:
                n = sum(_put(file, piece) for piece in pieces)
        except OSError as error:
            raise StoreFullError(
                f"{output} cannot be written: {error}", hint="free space"
            ) from error
    if as_json:
        print_json({"file": str(output), "bytes": n})
    else:
        console.print(f"{output}: {n:,} bytes")


def _put(file: BinaryIO, piece: bytes) -> int:
    return file.write(piece)
