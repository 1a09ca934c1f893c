"""``zhiyin demo``: real data, import, evaluation, training, slates."""

from __future__ import annotations

import os
import sys
from dataclasses import fields
from pathlib import Path
from shutil import which
from typing import Annotated, Any

import typer
from rich.rule import Rule

from zhiyin.app.cli.output import JsonOption, console, print_json, progress_bar, teaching
from zhiyin.app.cli.recommend import cited_items, slate_table
from zhiyin.app.cli.reports import print_report
from zhiyin.core.registry import load_path
from zhiyin.pipeline.demo import (
    AMONG,
    DATASET,
    QUESTIONS,
    Changed,
    Launched,
    Shown,
    act,
    fill,
    launch,
    measure,
    people,
    show,
)
from zhiyin.pipeline.evaluate import write_report
from zhiyin.pipeline.search.results import SearchResult
from zhiyin.pipeline.settings import seconds
from zhiyin.pipeline.wiring import open_workspace
from zhiyin.pipeline.workspace import Workspace


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(demo)


def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Workspace of the demo.")] = Path("demo"),
    budget: Annotated[str, typer.Option(help="Upper bound of each training.")] = "45s",
    serve: Annotated[
        bool | None,
        typer.Option("--serve/--no-serve", help="Serve in the end; default: on a terminal."),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on.")] = 8088,
    as_json: JsonOption = False,
) -> None:
    """Real data to recommendations: import, evaluate, train, slates with reasons, one event."""
    with teaching(as_json=as_json), open_workspace(folder) as workspace:
        document = _run(workspace, seconds(budget), quiet=as_json)
    if as_json:
        print_json(document)
    wanted = sys.stdout.isatty() if serve is None else serve
    if not wanted or as_json:
        if not as_json:
            _goodbye(folder)
        return
    pages = load_path("zhiyin.app.console.starting:installed")()
    told = f"http://127.0.0.1:{port}/{'console/' if pages else 'docs'}"
    console.print()
    console.print(Rule("7  look at it", align="left"))
    console.print(f"Serving on {told} until Ctrl-C; no key is needed here", soft_wrap=True)
    if not pages:
        console.print("  pages to look at it: pip install 'zhiyin[console]'", markup=False)
    with teaching():
        if pages and load_path("zhiyin.app.console.starting:has_desktop")(os.environ, sys.platform):
            load_path("zhiyin.app.console.starting:open_when_ready")(told)
        run_server = load_path("zhiyin.app.http.server:run_server")
        run_server(folder, host="127.0.0.1", port=port, console=pages)


def _run(workspace: Workspace, budget_s: float, *, quiet: bool) -> dict[str, Any]:
    """Every step, printed unless quiet; what happened, as JSON carries it."""
    with progress_bar(quiet=quiet) as listen:
        imported = fill(workspace, progress=listen)
    if not quiet:
        counts = workspace.stores.events.count()
        console.print(Rule(f"1  {DATASET}: {counts:,} events in {workspace.folder}", align="left"))
        for name, report in imported.items():
            console.print(
                f"  {name}: {report.accepted:,} new, {report.duplicates:,} known already, "
                f"{report.rejected:,} rejected"
            )
    with progress_bar(quiet=quiet) as listen:
        report = measure(workspace, budget_s=budget_s, progress=listen)
    write_report(report, workspace.folder)
    if not quiet:
        console.print(
            Rule("2  everybody's last film, predicted from the ones before", align="left")
        )
        print_report(report, console)
    with progress_bar(quiet=quiet) as listen:
        trained = workspace.train(budget=f"{budget_s}s", progress=listen)
    version = workspace.engine().version
    shown = [show(workspace, user, n=5) for user in people(workspace)]
    changed = act(workspace, shown[0].user_id, n=5)
    launched = launch(workspace, n=5)
    found = [workspace.search(question, n=3) for question in QUESTIONS]
    if not quiet:
        console.print(Rule(f"3  model {version}, trained on everything", align="left"))
        _print_slates(workspace, shown)
        _print_change(workspace, changed)
        _print_launch(workspace, launched)
        _print_searches(found)
    return {
        "imported": {name: table.as_dict() for name, table in imported.items()},
        "evaluation": report,
        "model": {"version": version, **trained.report},
        "slates": [{"lately": one.lately, **one.slate.model_dump(mode="json")} for one in shown],
        "after_an_event": {
            "event": changed.event,
            "before": changed.before.item_ids,
            "after": changed.after.item_ids,
        },
        "a_new_item": {
            **{f.name: getattr(launched, f.name) for f in fields(launched) if f.name != "slate"},
            "slate": None if launched.slate is None else launched.slate.item_ids,
        },
        "searches": [result.model_dump(mode="json") for result in found],
    }


def _print_slates(workspace: Workspace, shown: list[Shown]) -> None:
    for one in shown:
        titles = workspace.titles([*one.slate.item_ids, *cited_items(one.slate)])
        console.print(f"\nuser {one.user_id} lately saw: {' · '.join(one.lately)}", highlight=False)
        console.print(slate_table(f"For user {one.user_id}", one.slate, titles, explain=True))


def _print_change(workspace: Workspace, changed: Changed) -> None:
    titles = workspace.titles([*changed.before.item_ids, *changed.after.item_ids])
    console.print()
    console.print(Rule("4  one event later", align="left"))
    seen = titles.get(changed.event["item_id"], changed.event["item_id"])
    console.print(f"  user {changed.event['user_id']} now watches {seen}:", highlight=False)
    for name, slate in (("before", changed.before), ("after", changed.after)):
        line = " · ".join(titles.get(item, item) for item in slate.item_ids)
        console.print(f"  {name:>6}: {line}", highlight=False)


def _print_launch(workspace: Workspace, launched: Launched) -> None:
    item = launched.item
    console.print()
    console.print(Rule("5  a film that was added a moment ago", align="left"))
    console.print(
        f"  {item['title']}, {' / '.join(item['categories'])}: can be recommended after "
        f"{launched.seconds:.2f} s\n  among the {AMONG} best of {launched.reached} of "
        f"{launched.users} users: {launched.share_reached:.0%} of what they saw is of its kind, "
        f"{launched.share_all:.0%} of what everybody saw",
        highlight=False,
    )
    if launched.slate is not None:
        slate = launched.slate
        titles = workspace.titles([*slate.item_ids, *cited_items(slate)])
        console.print(slate_table(f"For user {slate.user_id}", slate, titles, explain=True))


def _print_searches(found: list[SearchResult]) -> None:
    console.print()
    console.print(Rule("6  a search in Chinese over English titles", align="left"))
    for result in found:
        hits = " · ".join(hit.title for hit in result.hits)
        console.print(f"  {result.query}: {hits}", highlight=False)
    for line in dict.fromkeys(line for result in found for line in result.fallbacks):
        console.print(f"  {line}", style="yellow", markup=False, highlight=False)


def _goodbye(folder: Path) -> None:
    console.print()
    console.print(Rule("what next", align="left"))
    activate = Path(sys.executable).with_name("activate")
    if which("zhiyin") is None and activate.exists():
        console.print(f"  source {activate}", highlight=False, soft_wrap=True)
    for line in (
        f"zhiyin recommend 7 -w {folder} --explain   a slate, and why",
        f"zhiyin similar 50 -w {folder}              items like an item (--user: people)",
        f"zhiyin serve -w {folder} --console         the HTTP service, and pages to look at it",
        "zhiyin init shop                       your own data: see docs/quickstart.md",
    ):
        console.print(f"  {line}", highlight=False)
