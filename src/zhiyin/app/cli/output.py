"""What every command shares: the console, ``--json``, errors that teach, progress bars."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from zhiyin.backends.stores.sqlite import STORE_FILE
from zhiyin.core.errors import ConfigError, ZhiyinError
from zhiyin.core.progress import Progress as Listener
from zhiyin.pipeline.wiring import SETTINGS_FILE

WorkspaceOption = Annotated[
    Path,
    typer.Option("--workspace", "-w", help="Folder of the workspace.", envvar="ZHIYIN_WORKSPACE"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")]

console = Console()
errors = Console(stderr=True)


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever JSON carries
    """Prints one JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A rich table; numbers stand on the right."""
    result = Table(title=title, title_justify="left", header_style="bold")
    for i, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[i], (int, float)) for row in rows)
        result.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        result.add_row(*(_cell(value) for value in row))
    return result


@contextmanager
def progress_bar(*, quiet: bool = False, first: str = "starting") -> Generator[Listener]:
    """A progress bar on standard error, as a listener; silent with ``quiet``, or in a pipe.

    Args:
        quiet: Whether nothing is shown.
        first: What is being done until the work says something itself.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    hidden = quiet or not errors.is_terminal
    with Progress(*columns, console=errors, transient=True, disable=hidden) as bar:
        task = bar.add_task(first, total=1.0)

        def listen(stage: str, share: float) -> None:
            bar.update(task, description=stage, completed=min(1.0, share))

        yield listen


def known_workspace(folder: Path) -> Path:
    """The folder, if it is a workspace: whoever mistypes a name gets an error, no new folder.

    Raises:
        ConfigError: It holds neither settings nor a store.
    """
    if not any((folder / name).exists() for name in (SETTINGS_FILE, STORE_FILE)):
        raise ConfigError(
            f"{folder} is no workspace: it has no {SETTINGS_FILE} and no {STORE_FILE}",
            hint="name one with --workspace, or make one: zhiyin init DIR, then zhiyin import",
        )
    return folder


@contextmanager
def teaching(*, as_json: bool = False) -> Generator[None]:
    """Turns our errors into a message and exit code 1; others keep their traceback."""
    try:
        yield
    except ZhiyinError as error:
        kind = type(error).__name__
        if as_json:
            print_json({"error": {"kind": kind, "message": error.message, "hint": error.hint}})
        else:
            errors.print(f"[bold red]{kind}[/]: ", end="")
            errors.print(error.message, markup=False, highlight=False)
            if error.hint:
                errors.print(f"  → {error.hint}", markup=False, style="yellow", highlight=False)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        errors.print("stopped; nothing half done was kept", style="yellow")
        raise typer.Exit(130) from error


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)
