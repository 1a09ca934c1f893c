"""``zhiyin import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
from zhiyin.data.importing import Format, TableReport, TimeUnit, import_options
from zhiyin.pipeline.wiring import open_workspace

_MAX_NOTES = 12


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(name="import")(import_)


def import_(
    workspace: WorkspaceOption = Path("."),
    events: Annotated[Path | None, typer.Option(help="File of events.")] = None,
    items: Annotated[Path | None, typer.Option(help="File of items.")] = None,
    users: Annotated[Path | None, typer.Option(help="File of users.")] = None,
    edges: Annotated[Path | None, typer.Option(help="File of ties between users.")] = None,
    file_format: Annotated[
        Format, typer.Option("--format", help="What the files are.", show_choices=True)
    ] = "auto",
    delimiter: Annotated[str | None, typer.Option(help="What separates fields.")] = None,
    encoding: Annotated[str | None, typer.Option(help="utf-8, gb18030, …")] = None,
    header: Annotated[
        str | None, typer.Option(help="Column names, by commas, of files without a header line.")
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(help="Columns that are not recognised: user=buyer,events.item=sku"),
    ] = None,
    event_types: Annotated[
        str | None, typer.Option(help="Words for events: 加购=cart,下单=purchase")
    ] = None,
    time_unit: Annotated[TimeUnit, typer.Option(help="Unit of numeric times.")] = "auto",
    time_zone: Annotated[str, typer.Option(help="Zone of written times without one.")] = "UTC",
    strict: Annotated[
        bool, typer.Option("--strict", help="Store nothing if a row is rejected.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Import events, items, users and ties; again changes nothing.

    Formats, delimiters, encodings and column names are recognised. Rejected rows go to a
    quarantine file, each with its line and the reason.
    """
    with teaching(as_json=as_json), open_workspace(workspace) as opened:
        options = import_options(
            format=file_format,
            delimiter=None if delimiter is None else delimiter.replace("\\t", "\t"),
            encoding=encoding,
            header=None if header is None else [name.strip() for name in header.split(",")],
            columns=_pairs(columns, "--columns"),
            event_types=_pairs(event_types, "--event-types"),
            time_unit=time_unit,
            time_zone=time_zone,
            strict=strict,
        )
        with progress_bar(quiet=as_json) as listen:
            reports = opened.import_files(
                events=events,
                items=items,
                users=users,
                edges=edges,
                options=options,
                progress=listen,
            )
    if as_json:
        print_json({name: report.as_dict() for name, report in reports.items()})
    else:
        _show(reports)


def _pairs(text: str | None, option: str) -> dict[str, str]:
    """``a=b,c=d`` as a mapping."""
    pairs: dict[str, str] = {}
    for part in (text or "").split(","):
        name, equals, value = part.partition("=")
        if part.strip() and not (equals and name.strip() and value.strip()):
            raise ConfigError(
                f"{option}: {part!r} is not NAME=VALUE", hint=f"{option} user=buyer,item=sku"
            )
        if part.strip():
            pairs[name.strip()] = value.strip()
    return pairs


def _show(reports: dict[str, TableReport]) -> None:
    rows = [
        (name, report.format, report.accepted, report.duplicates, report.rejected)
        for name, report in reports.items()
    ]
    console.print(
        table("Imported", ["table", "format", "accepted", "known already", "rejected"], rows)
    )
    for name, report in reports.items():
        read_as = ", ".join(f"{role} = {column}" for role, column in report.columns.items())
        lines = [f"columns: {read_as}"] if read_as else []
        if not report.accepted + report.duplicates + report.rejected:
            lines.append("the file has no rows, so nothing was stored")
        lines += [f"rejected, {why}: {n:,}" for why, n in report.reasons.items()]
        lines += [f"{note}: {n:,}" for note, n in list(report.notes.items())[:_MAX_NOTES]]
        if report.event_types:
            known = ", ".join(f"{word} = {kind}" for word, kind in report.event_types.items())
            lines.append(f"events: {known}")
        if report.quarantine is not None:
            lines.append(f"rejected rows: {report.quarantine}")
        for line in lines:
            console.print(f"  {name}  {line}", markup=False, highlight=False)
