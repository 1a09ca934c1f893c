"""Writes the reference section of the documentation from the code, while mkdocs builds it.

Nothing generated is committed, so nothing generated can be out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from zhiyin.app.cli.main import app
from zhiyin.core.described import descriptions
from zhiyin.pipeline.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "zhiyin"
# Modules that run only inside another program.
SKIPPED = ("migrations", "__main__")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Appends the section to the navigation."""
    rooms = [{name: f"reference/api/{name}.md"} for name, _ in api_pages()]
    section = [
        {"Commands": "reference/commands.md"},
        {"Settings": "reference/settings.md"},
        {"Models": "reference/models.md"},
        {"Python": rooms},
    ]
    config.nav = [*(config.nav or []), {"Reference": section}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages."""
    pages = {
        "commands.md": commands_page(),
        "settings.md": settings_page(),
        "models.md": models_page(),
        **{f"api/{name}.md": text for name, text in api_pages()},
    }
    for path, text in pages.items():
        files.append(File.generated(config, f"reference/{path}", content=text))
    return files


def commands() -> Iterator[tuple[str, Any]]:
    """Every command of the command line: its words and the command."""
    root = typer.main.get_command(app)
    waiting: list[tuple[str, Any]] = [("zhiyin", root)]
    while waiting:
        words, command = waiting.pop(0)
        below = getattr(command, "commands", {})
        waiting += [(f"{words} {name}", child) for name, child in below.items()]
        if not below:
            yield words, command


def commands_page() -> str:
    """All commands with their arguments and options."""
    parts = ["# Commands\n"]
    for words, command in sorted(commands(), key=lambda pair: pair[0]):
        parts += [f"## {words}\n", (command.help or "").strip() + "\n"]
        rows = [_parameter_row(parameter) for parameter in command.params]
        if rows:
            parts += ["| argument | default | meaning |", "|---|---|---|", *rows, ""]
    return "\n".join(parts)


def _parameter_row(parameter: Any) -> str:  # noqa: ANN401 - click's parameters
    name = " ".join(parameter.opts) if parameter.opts[0].startswith("-") else parameter.name.upper()
    default = "required" if parameter.required else parameter.default
    shown = "" if default in (None, False, ()) or callable(default) else f"`{default}`"
    return f"| `{name}` | {shown} | {cell(getattr(parameter, 'help', None) or '')} |"


def setting_rows(config: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Key, default and meaning of every setting, sections unfolded."""
    told = descriptions(config)
    for name, field in config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from setting_rows(field.annotation, f"{prefix}{name}.")
            continue
        default = field.get_default(call_default_factory=True)
        shown = "required" if default is PydanticUndefined else repr(default)
        yield f"{prefix}{name}", shown, told.get(name, "")


def table(config: type[BaseModel]) -> str:
    """The settings of a config as a table."""
    rows = [
        f"| `{key}` | `{default}` | {cell(doc)} |" for key, default, doc in setting_rows(config)
    ]
    if not rows:
        return "Nothing to set.\n"
    return "\n".join(["| key | default | meaning |", "|---|---|---|", *rows, ""])


def settings_page() -> str:
    """All of zhiyin.toml."""
    return f"# Settings\n\nEvery key of `zhiyin.toml`.\n\n{table(Settings)}"


def models_page() -> str:
    """Every registered model with its hyperparameters, plug-ins included."""
    parts = ["# Models\n", "What stands behind each name that the registry knows.\n"]
    groups = sorted(group for group in entry_points().groups if group.startswith("zhiyin."))
    for group in groups:
        parts.append(f"## {group.removeprefix('zhiyin.').replace('_', ' ').capitalize()}\n")
        for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
            found = entry.load()
            summary = (found.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ")
            parts += [f"### {entry.name}\n", f"`{entry.value}`: {' '.join(summary.split())}\n"]
            if isinstance(config := getattr(found, "Config", None), type):
                parts.append(table(config))
    return "\n".join(parts)


def api_pages() -> Iterator[tuple[str, str]]:
    """One page per room, with every module that says something."""
    for room in sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py")):
        names = [
            ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
            for path in sorted((PACKAGE / room).rglob("*.py"))
            if path.name != "__init__.py" and not set(SKIPPED) & set(path.with_suffix("").parts)
        ]
        blocks = [f"::: {name}\n" for name in names]
        yield room, "\n".join([f"# zhiyin.{room}\n", *blocks])


def cell(text: str) -> str:
    """Text that fits into a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write("\n".join([commands_page(), settings_page(), models_page()]))
