"""``zhiyin llm pull | list | test``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from zhiyin.app.cli.output import (
    JsonOption,
    WorkspaceOption,
    console,
    print_json,
    progress_bar,
    table,
    teaching,
)
from zhiyin.core.errors import ConfigError
from zhiyin.llm.presets import PRESETS
from zhiyin.llm.trial import TrialReport, try_model
from zhiyin.llm.weights.catalogue import KNOWN_MODELS, KnownModel, known_model
from zhiyin.llm.weights.pulling import pull as pull_model
from zhiyin.pipeline.language_model import open_guarded_model, weights_folder
from zhiyin.pipeline.settings import read_settings
from zhiyin.pipeline.wiring import SETTINGS_FILE

commands = typer.Typer(help="Language models: get one, see which are there, try one.")
_SHOWN = ("answers", "follows_schema", "is_right", "follows_grammar", "streams")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(commands, name="llm", no_args_is_help=True)


@commands.command()
def pull(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name that `llm list` shows.")],
    to: Annotated[Path | None, typer.Option(help="Folder; the cache by default.")] = None,
    url: Annotated[str | None, typer.Option(help="Get it from here; a mirror of yours.")] = None,
    sha256: Annotated[str | None, typer.Option(help="Hash of a file of your own choice.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Download a model's file; goes on where it broke off, and refuses a file of another hash."""
    with teaching(as_json=as_json):
        model = _named(name, url, sha256)
        with progress_bar(quiet=as_json, first=f"getting {name}") as listen:
            path = pull_model(model, to or weights_folder(), progress=listen)
    if as_json:
        print_json({"name": name, "path": str(path), "sha256": model.sha256})
        return
    console.print(f"{path}\nIn zhiyin.toml: [llm] gguf = {_as_setting(name, path)}", markup=False)


@commands.command(name="list")
def list_models(as_json: JsonOption = False) -> None:
    """Show the models that can be had as a file, which are there, and the known endpoints."""
    folder = weights_folder()
    rows: list[dict[str, Any]] = [
        {
            "name": model.name,
            "summary": model.summary,
            "megabytes": round(model.size / 1e6),
            "licence": model.licence,
            "path": str(folder / model.file) if (folder / model.file).is_file() else None,
        }
        for model in KNOWN_MODELS.values()
    ]
    others = sorted({*folder.glob("*.gguf")} - {folder / m.file for m in KNOWN_MODELS.values()})
    if as_json:
        presets = {name: preset._asdict() for name, preset in PRESETS.items()}
        print_json({"models": rows, "other_files": [str(o) for o in others], "presets": presets})
        return
    shown = [
        [r["name"], r["summary"], r["megabytes"], r["licence"], r["path"] or "zhiyin llm pull"]
        for r in rows
    ]
    shown += [[o.name, "your own file", round(o.stat().st_size / 1e6), "", str(o)] for o in others]
    console.print(table("Files", ["name", "what", "MB", "licence", "where"], shown))
    endpoints = [[name, p.base_url, p.key_variable, p.structured] for name, p in PRESETS.items()]
    console.print(table("Endpoints", ["preset", "address", "key in", "held to"], endpoints))


@commands.command(name="test")
def try_configured(workspace: WorkspaceOption = Path("."), as_json: JsonOption = False) -> None:
    """Ask the configured model three small questions: latency, and what it can be held to."""
    with teaching(as_json=as_json):
        settings = read_settings(workspace / SETTINGS_FILE).llm
        model = open_guarded_model(settings, folder=workspace, remember=False)
        if model is None:
            raise ConfigError(
                "no language model is configured, and none is needed",
                hint='set preset and model in [llm], or gguf = "qwen2.5-0.5b" after '
                "zhiyin llm pull qwen2.5-0.5b",
            )
        report = try_model(model)
    if as_json:
        print_json(report.model_dump())
    else:
        _print(report)
    if not report.answers:
        raise typer.Exit(1)


def _named(name: str, url: str | None, sha256: str | None) -> KnownModel:
    if sha256 is not None:
        if url is None or len(sha256) != 64:
            raise ConfigError(
                "a file of your own choice needs its address and its whole hash",
                hint="give --url and --sha256 with 64 hexadecimal digits",
            )
        file = name if name.endswith(".gguf") else f"{name}.gguf"
        return KnownModel(Path(name).name, Path(file).name, 0, sha256.lower(), "", "", (url,))
    model = known_model(name)
    return model if url is None else model._replace(urls=(url,), mirror=None)


def _as_setting(name: str, path: Path) -> str:
    is_known = name in KNOWN_MODELS and path.parent == weights_folder()
    return f'"{name if is_known else path}"'


def _print(report: TrialReport) -> None:
    console.print(report.model, style="bold", markup=False)
    for name in _SHOWN:
        mark = "[green]✓[/]" if getattr(report, name) else "[red]✗[/]"
        console.print(f"{mark} {name.replace('_', ' ')}")
    first = "none" if report.first_piece_s is None else f"{report.first_piece_s:.2f} s"
    rate = "unknown" if report.tokens_per_s is None else f"{report.tokens_per_s:.1f} a second"
    console.print(f"answer after {report.latency_s:.2f} s; first piece {first}; tokens {rate}")
    for problem in report.problems:
        console.print(problem, style="yellow", markup=False, highlight=False)
