"""``zhiyin profile USER``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from textwrap import shorten
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from zhiyin.app.cli.output import (
    JsonOption,
    WorkspaceOption,
    console,
    known_workspace,
    print_json,
    teaching,
)
from zhiyin.core.protocols import EditAction
from zhiyin.models.profile.interest import Interest, ProfileView
from zhiyin.narrate.interests import told_profile
from zhiyin.narrate.language import Language
from zhiyin.pipeline.wiring import open_workspace

_BAR = 10
_EXAMPLE = 40
_MARKS = {"pin": "pinned by the user", "mute": "muted by the user", "wish": "said by the user"}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(profile)


def profile(
    user: Annotated[str, typer.Argument(metavar="USER", help="User id.")],
    workspace: WorkspaceOption = Path("."),
    wish: Annotated[
        list[str] | None, typer.Option(help="What the user would like, in their words.")
    ] = None,
    pin: Annotated[list[str] | None, typer.Option(help="A tag to keep at full weight.")] = None,
    mute: Annotated[
        list[str] | None, typer.Option(help="A tag whose items go to the end of every slate.")
    ] = None,
    forget: Annotated[
        list[str] | None,
        typer.Option(help="A tag or wish to drop; later behaviour may bring a tag back."),
    ] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="Take back all edits, before any others are made.")
    ] = False,
    n: Annotated[int, typer.Option("-n", min=1, help="How many tags are shown.")] = 20,
    language: Annotated[
        Language | None, typer.Option(help="In sentences of this language, in place of a table.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is known of a user's interests and why; pin, mute, wish, forget, reset.

    Tags are written facet:name, or by their name alone.
    """
    edits: dict[EditAction, list[str]] = {
        "pin": pin or [],
        "mute": mute or [],
        "forget": forget or [],
        "wish": wish or [],
    }
    with teaching(as_json=as_json), open_workspace(known_workspace(workspace)) as opened:
        if reset:
            opened.profiles.reset(user)
        opened.profiles.edit(user, edits)
        view = opened.profile(user).view()
        cited = [item for interest in view.interests for item in interest.evidence.items]
        titles = opened.titles(list(dict.fromkeys(cited)))
        if language is not None:
            view = told_profile(view, titles=titles, language=language)
    if as_json:
        print_json(view.model_dump(mode="json"))
        return
    if language is not None:
        console.print(view.words, markup=False, highlight=False)
        return
    if not view.interests:
        console.print(f"Nothing is known of {user} yet: record events, or say a --wish.")
        return
    console.print(profile_table(view, titles, n=n))
    for subject in view.unknown:
        console.print(f"{subject}: no item has this tag at present", style="yellow", markup=False)


def profile_table(view: ProfileView, titles: dict[str, str], *, n: int) -> Table:
    """A profile as people read it: bars for weights, evidence in words."""
    title = f"What {view.user_id} is interested in ({view.events} events read)"
    result = Table(title=Text(title), title_justify="left", header_style="bold")
    for column in ("facet", "tag", "weight", "", "because of"):
        result.add_column(column, overflow="fold")
    for interest in view.interests[:n]:
        result.add_row(
            Text(interest.facet, style="dim"),
            Text(interest.name),
            f"{interest.weight:+.2f}",
            _bar(interest.weight),
            Text(_because(interest, titles)),
        )
    return result


def _bar(weight: float) -> Text:
    length = max(1, round(abs(weight) * _BAR))
    return Text("█" * length, style="green" if weight > 0 else "red")


def _because(interest: Interest, titles: dict[str, str]) -> str:
    """The evidence of a tag in one line, from recorded facts only."""
    facts = interest.evidence
    parts = [_MARKS[interest.source]] if interest.source in _MARKS else []
    parts += [f"people of {group}" for group in facts.groups]
    parts += [f"{n} x {kind}" for kind, n in facts.speaking_for.items()]
    parts += [f"against it {n} x {kind}" for kind, n in facts.speaking_against.items()]
    examples = [*facts.queries[:1], *(titles.get(item, item) for item in facts.items[:1])]
    parts += [f"“{shorten(example, _EXAMPLE)}”" for example in examples]
    if facts.last is not None:
        parts.append(f"last {datetime.fromtimestamp(facts.last / 1000, tz=UTC):%Y-%m-%d}")
    return ", ".join(parts)
