"""``zhiyin chat``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from zhiyin.app.cli.output import (
    WorkspaceOption,
    console,
    known_workspace,
    progress_bar,
    teaching,
)
from zhiyin.core.messages import ChatAnswer, ChatMessage
from zhiyin.pipeline.wiring import open_workspace
from zhiyin.pipeline.workspace import Workspace

_YES = frozenset({"y", "yes", "是", "好", "好的", "可以", "嗯"})


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(chat)


def chat(
    workspace: WorkspaceOption = Path("."),
    user: Annotated[str | None, typer.Option(help="Who speaks; else somebody unknown.")] = None,
    n: Annotated[int, typer.Option("-n", min=1, max=50, help="How many items a slate has.")] = 5,
    remember: Annotated[
        bool, typer.Option("--remember", help="What is wished enters the user's profile.")
    ] = False,
    opening: Annotated[
        bool | None,
        typer.Option(
            help="Whether the recommender speaks first, from what is recorded of the user; "
            "by default where somebody types."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Read messages line by line, print answers likewise.")
    ] = False,
) -> None:
    """Talk to the recommender: wishes, corrections, questions; an empty line ends it."""
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        with progress_bar(quiet=as_json, first="reading the catalogue"):
            opened.chats.table.current()
        session: str | None = None
        typed = sys.stdin.isatty() and not as_json
        if opening or (opening is None and typed):
            begun = opened.chats.say(
                ChatMessage(user_id=user, n=n, utc_offset_minutes=_utc_offset())
            )
            session = begun.session_id
            _tell(begun, as_json=as_json)
        for said in _lines(as_json=as_json):
            answer = opened.chats.say(
                ChatMessage(message=said, session_id=session, user_id=user, n=n, remember=remember)
            )
            session = answer.session_id
            _tell(answer, as_json=as_json)
            if not as_json:
                _ask(opened, answer)


def _utc_offset() -> int:
    """Minutes that this machine's clock is ahead of UTC."""
    return (time.localtime().tm_gmtoff or 0) // 60


def _tell(answer: ChatAnswer, *, as_json: bool) -> None:
    if not as_json:
        _show(answer)
        return
    sys.stdout.write(json.dumps(answer.model_dump(mode="json"), ensure_ascii=False))
    sys.stdout.write("\n")
    sys.stdout.flush()


def _lines(*, as_json: bool) -> Iterator[str]:
    if as_json or not sys.stdin.isatty():
        for line in sys.stdin:
            if line.strip():
                yield line.rstrip("\n")
        return
    console.print("Say what you would like; an empty line ends it.", style="dim")
    while True:
        try:
            said = console.input("[bold]you:[/] ")
        except EOFError:
            return
        if not said.strip():
            return
        yield said


def _show(answer: ChatAnswer) -> None:
    if answer.reasons:
        for reason in answer.reasons:
            console.print(reason.text, markup=False, highlight=False)
    elif "opens" in answer.acts and answer.items:
        pass  # the table says it
    elif not answer.items:
        console.print(answer.text, markup=False, highlight=False)
    elif answer.acts != ["shows"]:
        console.print(answer.text, markup=False, highlight=False)
    if answer.items:
        table = Table(show_header=False, box=None, pad_edge=False)
        for place, item in enumerate(answer.items, start=1):
            table.add_row(str(place), item.item_id, item.title or "-")
        console.print(table, markup=False, highlight=False)
    for note in answer.fallbacks:
        console.print(note, style="yellow", markup=False, highlight=False)
    for kept in answer.remembered:
        console.print(f"kept in the profile: {kept}", style="dim", markup=False, highlight=False)


def _ask(opened: Workspace, answer: ChatAnswer) -> None:
    """Asks once whether a lasting preference may be kept."""
    if not answer.ask_to_remember or not sys.stdin.isatty():
        return
    said = console.input("[dim]May this be kept in your profile? (y/n)[/] ")
    if said.strip().casefold() in _YES:
        for kept in opened.chats.keep(answer.session_id, answer.user_id):
            console.print(f"kept in the profile: {kept}", style="dim", markup=False)
