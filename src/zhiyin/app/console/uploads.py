"""Files that are sent in by hand: read as rows, stored in batches, reported on line by line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from zhiyin.client import AsyncClient, InvalidError
from zhiyin.core.messages import LineFault, LiveEvent, LiveItem, LiveUser, StreamReport

Kind = Literal["events", "items", "users"]
KINDS: tuple[Kind, ...] = ("items", "users", "events")
"""What a file may hold."""
_AT_ONCE = 500
_MOST_FAULTS = 100
_SHAPES: dict[Kind, type[BaseModel]] = {"events": LiveEvent, "items": LiveItem, "users": LiveUser}
_LISTS = ("categories",)
_SEPARATOR = "|"


async def store(
    client: AsyncClient,
    kind: Kind,
    name: str,
    content: bytes,
    *,
    progress: Callable[[float], None],
) -> StreamReport:
    """Stores what is in a file; lines that are no good are reported, the others stored.

    Args:
        client: Asks the service.
        kind: What the file holds.
        name: Its name; one that ends in .csv or .tsv has columns, any other JSON lines.
        content: What is in it.
        progress: Told which share is done.
    """
    report = _Report()
    batch: list[tuple[int, dict[str, Any]]] = []
    rows = list(_rows(name, content))
    for done, (line, row) in enumerate(rows, start=1):
        report.lines += 1
        if isinstance(row, str):
            report.refuse(line, row)
            continue
        try:
            _SHAPES[kind].model_validate(row)
            json.dumps(row, allow_nan=False, ensure_ascii=False).encode("utf-8")
        except ValueError as error:
            report.refuse(line, _first(error))
            continue
        batch.append((line, row))
        if len(batch) >= _AT_ONCE:
            await _send(client, kind, batch, report)
            batch.clear()
            progress(done / len(rows))
    if batch:
        await _send(client, kind, batch, report)
    progress(1.0)
    return report.made()


class _Report:
    """What became of the lines so far."""

    def __init__(self) -> None:
        self.lines = self.accepted = self.duplicates = self.rejected = 0
        self.faults: list[LineFault] = []

    def refuse(self, line: int, problem: str) -> None:
        """A line is no good."""
        self.rejected += 1
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(LineFault(line=line, problem=problem))

    def made(self) -> StreamReport:
        """As it is told."""
        return StreamReport(
            lines=self.lines,
            accepted=self.accepted,
            duplicates=self.duplicates,
            rejected=self.rejected,
            faults=sorted(self.faults, key=lambda fault: fault.line),
        )


async def _send(
    client: AsyncClient, kind: Kind, batch: list[tuple[int, dict[str, Any]]], report: _Report
) -> None:
    """Stores a batch; where the service refuses it, line by line, to tell which one it was."""
    try:
        await _store(client, kind, [row for _, row in batch], report)
    except InvalidError as error:
        if len(batch) == 1:
            report.refuse(batch[0][0], error.message)
            return
        half = len(batch) // 2
        await _send(client, kind, batch[:half], report)
        await _send(client, kind, batch[half:], report)


async def _store(
    client: AsyncClient, kind: Kind, rows: list[dict[str, Any]], report: _Report
) -> None:
    if kind == "events":
        stored = await client.record_events(rows)
        report.accepted += stored.accepted
        report.duplicates += stored.duplicates
    else:
        call = client.store_items if kind == "items" else client.store_users
        report.accepted += (await call(rows)).accepted


def _rows(name: str, content: bytes) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Rows with their line numbers; a text in place of a row says why it is none."""
    told = content.decode("utf-8-sig", errors="replace")
    if name.lower().endswith((".csv", ".tsv")):
        reader = csv.DictReader(
            io.StringIO(told, newline=""), delimiter="\t" if name.lower().endswith("tsv") else ","
        )
        for row in reader:
            yield reader.line_num, _typed(row)
        return
    for line, part in enumerate(told.split("\n"), start=1):
        if part.strip():
            try:
                row = json.loads(part)
            except ValueError as error:
                yield line, f"no JSON: {error}"
                continue
            yield line, row if isinstance(row, dict) else "no JSON object"


def _typed(row: dict[str | Any, Any]) -> dict[str, Any]:
    """A row of a table: empty cells are left out, whole numbers and fractions are numbers."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if not isinstance(name, str) or not isinstance(value, str) or value == "":
            continue
        if name in _LISTS and _SEPARATOR in value:
            found[name] = value.split(_SEPARATOR)
        elif name in ("user_id", "item_id", "event_id", "title", "text", "query", "type"):
            found[name] = value
        else:
            found[name] = _number(value)
    return found


def _number(value: str) -> str | int | float:
    for kind in (int, float):
        try:
            number = kind(value)
        except ValueError:
            continue
        if number == number and abs(number) != float("inf"):
            return number
    return value


def _first(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    fault = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"])
    return f"{where}: {fault['msg']}" if where else fault["msg"]
