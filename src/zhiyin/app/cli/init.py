"""``zhiyin init``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zhiyin.app.cli.output import JsonOption, console, print_json, teaching
from zhiyin.data.templates import TEMPLATES
from zhiyin.pipeline.scaffold import write_settings
from zhiyin.pipeline.wiring import SETTINGS_FILE


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(init)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The workspace's folder.")],
    template: Annotated[
        str | None, typer.Option(help=f"Event weights to begin with: {', '.join(TEMPLATES)}.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a workspace with a commented zhiyin.toml."""
    with teaching(as_json=as_json):
        path = write_settings(folder, name=SETTINGS_FILE, trade=template)
    if as_json:
        print_json({"settings": str(path)})
        return
    console.print(f"{path} holds every setting", highlight=False)
    console.print(
        f"next: zhiyin import --workspace {folder} --events FILE --items FILE", highlight=False
    )
