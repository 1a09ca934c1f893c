"""``zhiyin``: the map of all commands."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import typer

from zhiyin import __version__

COMMANDS = {
    "demo": "demo",
    "init": "init",
    "keys": "keys",
    "import": "import_",
    "train": "train",
    "evaluate": "evaluate",
    "recommend": "recommend",
    "surfaces": "surfaces",
    "search": "search",
    "chat": "chat",
    "similar": "similar",
    "explain": "explain",
    "copy": "copy",
    "profile": "profile",
    "enrich": "enrich",
    "erase": "erase",
    "export": "export",
    "llm": "llm",
    "models": "models",
    "rollback": "models",
    "features": "features",
    "migrate": "migrate",
    "benchmark": "benchmark",
    "serve": "serve",
    "doctor": "doctor",
}
"""The module of each command, in the order of the help."""


def make_app(names: Iterable[str] = tuple(COMMANDS)) -> typer.Typer:
    """The program with some of its commands; only their modules are loaded."""
    app = typer.Typer(
        name="zhiyin",
        help="Zhiyin (知音): a self-hosted recommender that understands language.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for module in dict.fromkeys(COMMANDS[name] for name in names):
        import_module(f"zhiyin.app.cli.{module}").register(app)
    app.command()(version)
    app.callback()(lambda: None)  # a program with one command still names it
    return app


def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def run() -> None:
    """Entry point of the ``zhiyin`` program: loads what the command needs, and for help all."""
    word = next(iter(sys.argv[1:]), "")
    make_app([word] if word in COMMANDS else [] if word == "version" else COMMANDS)()


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the module's `app`, made when asked for
    if name == "app":
        return globals().setdefault("app", make_app())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if __name__ == "__main__":
    run()
