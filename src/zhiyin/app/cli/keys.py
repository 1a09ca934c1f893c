"""``zhiyin keys create``, ``list`` and ``revoke``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, cast

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
from zhiyin.app.http.keys import ApiKey, KeyRing, Scope

keys = typer.Typer(help="Keys of the HTTP service.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(keys, name="keys")


@keys.command()
def create(
    workspace: WorkspaceOption = Path("."),
    scopes: Annotated[
        str, typer.Option(help="What it may do: read, write, admin; with commas between.")
    ] = "read",
    name: Annotated[str, typer.Option(help="Whose it is, or what for.")] = "",
    rate: Annotated[
        float | None,
        typer.Option(min=0, help="Requests per second; default: as for all keys."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it; it is not shown again."""
    with teaching(as_json=as_json):
        ring = KeyRing(known_workspace(workspace))
        parts = [part.strip() for part in scopes.split(",")]
        wanted = cast("list[Scope]", [part for part in parts if part])
        key, text = ring.create(scopes=wanted, name=name, rate=rate)
    if as_json:
        print_json({**_shown(key), "key": text})
        return
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    console.print(f"may {', '.join(key.scopes)}; it is not shown again")


@keys.command("list")
def list_keys(workspace: WorkspaceOption = Path("."), as_json: JsonOption = False) -> None:
    """List the keys, without their secrets."""
    with teaching(as_json=as_json):
        rows = [_shown(key) for key in KeyRing(known_workspace(workspace)).all()]
    if as_json:
        print_json(rows)
        return
    columns = ["id", "name", "scopes", "created"]
    cells = [[str(row[name]) for name in columns] for row in rows]
    console.print(table("Keys", columns, cells))


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, from `zhiyin keys list`.")],
    workspace: WorkspaceOption = Path("."),
    as_json: JsonOption = False,
) -> None:
    """Take a key back; running servers refuse it from the next request."""
    with teaching(as_json=as_json):
        key = KeyRing(known_workspace(workspace)).revoke(key_id)
    if as_json:
        print_json(_shown(key))
    else:
        console.print(f"{key.id} is revoked")


def _shown(key: ApiKey) -> dict[str, object]:
    made = datetime.fromtimestamp(key.created / 1000, tz=UTC).isoformat(timespec="seconds")
    return {"id": key.id, "name": key.name, "scopes": list(key.scopes), "created": made}
