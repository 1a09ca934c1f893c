"""``zhiyin benchmark DIR``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from zhiyin.app.cli.output import console, errors, print_json, progress_bar, teaching
from zhiyin.app.cli.reports import print_report
from zhiyin.core.errors import ConfigError
from zhiyin.data.protocols import SplitProtocol
from zhiyin.pipeline.benchmark import BenchmarkSettings
from zhiyin.pipeline.benchmark import benchmark as compare
from zhiyin.pipeline.settings import seconds


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(benchmark)


def benchmark(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder with interactions.parquet.")
    ],
    protocol: Annotated[SplitProtocol, typer.Option(help="How test rows are chosen.")],
    models: Annotated[
        str, typer.Option(help="Models by name, with commas; the baselines join anyway.")
    ] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the split and of training.")] = 42,
    budget: Annotated[str, typer.Option(help="Bound on each training: 60s, 15m.")] = "15m",
    memory: Annotated[
        float | None,
        typer.Option(min=1, help="A model that needs more MB fails; default: none."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option("--json", metavar="OUT", help="Write the report here; - prints it alone."),
    ] = None,
) -> None:
    """Compare models on a folder of data, by one of four fixed protocols."""
    alone = out == "-"
    with teaching(as_json=alone):
        target = _writable(out)
        settings = BenchmarkSettings(
            protocol=protocol,
            models=tuple(name.strip() for name in models.split(",") if name.strip()),
            seed=seed,
            budget_s=seconds(budget),
            memory_mb=memory,
        )
        with progress_bar(quiet=alone) as listen:
            report = compare(folder, settings, progress=listen)
        if target is not None:
            text = json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False)
            target.write_text(text + "\n", encoding="utf-8")
    if alone:
        print_json(report)
        return
    print_report(report, console)
    if target is not None:
        errors.print(f"  written to {target}", markup=False, highlight=False)


def _writable(out: str | None) -> Path | None:
    """Where the report goes; what is wrong with it is said before the work, not after."""
    if out is None or out == "-":
        return None
    path = Path(out)
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ConfigError(f"cannot write {path}", hint="name a file in a folder that exists")
    return path
