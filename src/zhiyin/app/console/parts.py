"""The parts that pages are made of: headings, figures, bars, tables, errors.

Whatever comes from the workspace is put in as text, never as markup.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from zhiyin.app.console.words import Words
from zhiyin.client import KeyRefusedError, ServiceError, UnavailableError, UnreachableError

Row = Sequence[object]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def text(tag: str, content: object = "", classes: str = "") -> TextElement:
    """An element with text."""
    return TextElement(tag=tag, text=str(content)).classes(classes)


def box(tag: str = "div", classes: str = "", **props: str) -> Element:
    """An element around others."""
    found = Element(tag).classes(classes)
    for name, value in props.items():
        found.props[name.replace("_", "-")] = value
    return found


def link(content: str, target: str, classes: str = "") -> ui.link:
    """A link within the console."""
    return ui.link(content, target).classes(classes)


def button(
    content: str,
    on_click: Callable[..., Any],
    *,
    kind: str = "",
    label: str = "",
) -> TextElement:
    """A button.

    Args:
        content: What stands on it.
        on_click: What it does.
        kind: "main" for the one that matters most, "quiet" for a small one.
        label: What it is called for those who do not see it; empty: its content.
    """
    made = text("button", content, f"zy-button {kind}")
    made.props["type"] = "button"
    if label:
        made.props["aria-label"] = label
        made.props["title"] = label
    made.on("click", lambda _: on_click())
    return made


@contextmanager
def card(title: str = "", *, level: int = 2, classes: str = "") -> Generator[Element]:
    """A framed part of a page, with a heading."""
    with box("section", f"zy-card {classes}") as made:
        if title:
            text(f"h{level}", title)
        yield made


def figure(name: str, value: object, note: str = "") -> None:
    """One figure with its name."""
    with box("div", "zy-figure"):
        text("div", name, "zy-figure-name")
        text("div", value, "zy-figure-value")
        if note:
            text("div", note, "zy-note")


def bars(
    title: str,
    rows: Sequence[tuple[str, float, str]],
    *,
    words: Words,
    columns: tuple[str, str],
    file: str,
    full: float | None = None,
    told: str = "",
    strong: str = "",
    targets: Sequence[str] = (),
) -> None:
    """A bar chart that is read as a table, and can be downloaded.

    Args:
        title: What it shows.
        rows: Name, value, and the value as it is written.
        words: The language.
        columns: Names of the columns of the download.
        file: Name of the download, without its ending.
        full: The value of a whole bar; None for the largest.
        told: What is to be seen in it, in a sentence.
        strong: The name of the bar that the others are compared with.
        targets: Where each name leads; empty: nowhere.
    """
    with box("figure", "zy-chart"):
        caption(title, told, words, columns, [(name, n) for name, n, _ in rows], file=file)
        meter(rows, full=full, strong=strong, targets=targets)


def caption(
    title: str, told: str, words: Words, columns: Sequence[str], rows: Sequence[Row], *, file: str
) -> None:
    """The heading of a chart, with its numbers as a download and what is to be seen in it."""
    with box("figcaption"):
        with box("div", "zy-row"):
            text("h3", title)
            download(words, columns, rows, file=file)
        if told:
            text("p", told, "zy-soft")


def meter(
    rows: Sequence[tuple[str, float, str]],
    *,
    full: float | None = None,
    strong: str = "",
    targets: Sequence[str] = (),
) -> None:
    """Bars with their names and values; a value below zero has another colour."""
    whole = full or max((abs(value) for _, value, _ in rows), default=0.0) or 1.0
    with box("ul", "zy-bars"):
        for k, (name, value, written) in enumerate(rows):
            with box("li", "strong" if name == strong else ""):
                if k < len(targets):
                    link(name, targets[k], "zy-bar-name")
                else:
                    text("span", name, "zy-bar-name")
                with box("span", "zy-bar", aria_hidden="true"):
                    share = min(100.0, 100.0 * abs(value) / whole)
                    quiet = " quiet" if strong and name != strong else ""
                    shade = " minus" if value < 0 else quiet
                    box("span", f"zy-bar-fill{shade}").style(f"width: {share:.2f}%")
                text("span", written, "zy-bar-value")


def download(words: Words, columns: Row, rows: Sequence[Row], *, file: str) -> None:
    """A button that saves rows as CSV."""
    button(
        "CSV",
        lambda: ui.download.content(as_csv(columns, rows), f"{file}.csv", "text/csv"),
        kind="quiet",
        label=words("Download as CSV"),
    )


def as_csv(columns: Row, rows: Sequence[Row]) -> str:
    """Rows as CSV; a text that a spreadsheet would run as a formula is kept from it."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in [columns, *rows]:
        writer.writerow([_harmless(value) for value in row])
    return out.getvalue()


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object | Callable[[], object]]],
    *,
    label: str,
) -> None:
    """A table; a cell that can be called builds its own content."""
    with (
        box("div", "zy-scroll", tabindex="0", role="region", aria_label=label),
        box("table", "zy-table", role="table"),
    ):
        # Roles are named: on a phone rows are drawn as blocks, and stay rows for who listens.
        with box("thead", role="rowgroup"), box("tr", role="row"):
            for column in columns:
                text("th", column).props(add="scope=col role=columnheader")
        with box("tbody", role="rowgroup"):
            for row in rows:
                with box("tr", role="row"):
                    for name, cell in zip(columns, row, strict=True):
                        _cell(name, cell)


def fields(values: Mapping[str, object]) -> None:
    """Names and values, one per line."""
    with box("dl", "zy-fields"):
        for name, value in values.items():
            text("dt", name)
            text("dd", readable(value))


def fault(error: ServiceError, words: Words) -> None:
    """What went wrong, and what to do about it."""
    with box("div", "zy-fault", role="alert"):
        text("strong", _title(error, words))
        text("p", error.message)
        if error.hint:
            text("p", words("What to do: {hint}", hint=error.hint))
        if isinstance(error, UnreachableError | UnavailableError):
            button(words("Try again"), ui.navigate.reload)


def empty(title: str, told: str, *commands: str) -> None:
    """What a page says where there is nothing to show yet."""
    with box("div", "zy-empty"):
        text("h2", title)
        text("p", told)
        for command in commands:
            text("code", command, "zy-command")


def guarded(
    action: Callable[[], Awaitable[object]], words: Words, *, done: str = ""
) -> Callable[[], Awaitable[None]]:
    """An action of a button: says that it is done, or what went wrong."""

    async def run() -> None:
        try:
            await action()
        except ServiceError as error:
            told = error.message + (f" · {error.hint}" if error.hint else "")
            ui.notify(told, type="negative", multi_line=True, timeout=8000)
            return
        if done:
            ui.notify(words(done), type="positive")

    return run


def moment(milliseconds: int | None) -> str:
    """A time of the log, in UTC."""
    if not milliseconds:
        return "–"
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def ago(milliseconds: int, now: int, words: Words) -> str:
    """How long something is ago."""
    minutes = max(0, now - milliseconds) // 60_000
    if minutes < 60:
        return words("{n} min", n=minutes)
    if minutes < 48 * 60:
        return words("{n} h", n=minutes // 60)
    return words("{n} days", n=minutes // 1440)


def readable(value: object) -> str:
    """An attribute as it is read."""
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value)  # type: ignore[reportUnknownArgumentType]
    if value is None:
        return "–"
    return str(value)


def _cell(name: str, cell: object | Callable[[], object]) -> None:
    if callable(cell):
        with box("td", role="cell", data_name=name):
            cell()
    else:
        made = text("td", cell)
        made.props["data-name"] = name
        made.props["role"] = "cell"


def _title(error: ServiceError, words: Words) -> str:
    if isinstance(error, KeyRefusedError):
        return words("This needs a key")
    if isinstance(error, UnreachableError):
        return words("The service does not answer")
    if isinstance(error, UnavailableError):
        return words("The service cannot answer yet")
    return words("That did not work")


def _harmless(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
