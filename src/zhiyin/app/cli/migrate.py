"""``zhiyin migrate``."""

from __future__ import annotations

import time
from dataclasses import asdict
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
from zhiyin.backends.stores.moving import move
from zhiyin.backends.stores.sqlite import STORE_FILE, open_sqlite
from zhiyin.core.errors import ConfigError
from zhiyin.core.registry import load_path


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(migrate)


def migrate(
    to: Annotated[
        str,
        typer.Option(
            help="Where to: postgresql://USER:PASSWORD@HOST:5432/DATABASE.",
            envvar="ZHIYIN_STORE_URL",
        ),
    ],
    workspace: WorkspaceOption = Path("."),
    schema: Annotated[str, typer.Option(help="The Postgres schema.")] = "public",
    as_json: JsonOption = False,
) -> None:
    """Move a workspace's embedded store into Postgres; again to go on, or to catch up."""
    began = time.monotonic()
    with teaching(as_json=as_json):
        folder = known_workspace(workspace)
        if not (folder / STORE_FILE).exists():
            raise ConfigError(
                f"{folder} has no embedded store ({STORE_FILE})", hint="nothing is to be moved"
            )
        target = load_path("zhiyin.backends.stores.postgres:open_postgres")(to, schema=schema)
        source = open_sqlite(folder)
        try:
            with progress_bar(quiet=as_json, first="moving") as progress:
                tables = move(source, target, progress=progress)
        finally:
            source.close()
            target.close()
    seconds = round(time.monotonic() - began, 1)
    where = target.database.where
    if as_json:
        done = {name: asdict(moved) for name, moved in tables.items()}
        print_json({"to": where, "schema": schema, "seconds": seconds, "tables": done})
        return
    rows = [[name, moved.rows, moved.moved, moved.hash[:12]] for name, moved in tables.items()]
    console.print(table("Both sides hold the same", ["table", "rows", "moved now", "hash"], rows))
    console.print(
        f"{where} in {seconds:.1f} s. From now on set ZHIYIN_STORE_URL, or [store] url and "
        f"schema_name in {folder}/zhiyin.toml; then {STORE_FILE} is no longer read.",
        markup=False,
        highlight=False,
    )
