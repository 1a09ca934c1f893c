"""``zhiyin``: the map of all commands."""

from __future__ import annotations

import typer

from zhiyin import __version__
from zhiyin.app.cli import (
    benchmark,
    chat,
    demo,
    doctor,
    enrich,
    erase,
    evaluate,
    explain,
    export,
    features,
    import_,
    init,
    keys,
    llm,
    migrate,
    models,
    profile,
    recommend,
    search,
    serve,
    similar,
    surfaces,
    train,
)

app = typer.Typer(
    name="zhiyin",
    help="Zhiyin (知音): a self-hosted recommender that understands language.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in (
    demo,
    init,
    keys,
    import_,
    train,
    evaluate,
    recommend,
    surfaces,
    search,
    chat,
    similar,
    explain,
    profile,
    enrich,
    erase,
    export,
    llm,
    models,
    features,
    migrate,
    benchmark,
    serve,
    doctor,
):
    command.register(app)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def run() -> None:
    """Entry point of the ``zhiyin`` program."""
    app()


if __name__ == "__main__":
    run()
