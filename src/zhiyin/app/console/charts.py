"""Charts of numbers over time and over the week: drawn as boxes, read as tables, saved as CSV.

Nothing is drawn by a script: a chart is a figure with a heading, a sentence that says what is to
be seen, the drawing (hidden from screen readers), and the numbers as a table that opens.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from zhiyin.app.console.parts import Row, box, caption, table, text
from zhiyin.app.console.words import Words

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
"""Names of the days, Monday first."""
_AXIS = 4


class Column(NamedTuple):
    """One column of a chart.

    Attributes:
        label: What it stands for.
        value: Its height.
        part: How much of it is drawn in the second colour, from the bottom.
    """

    label: str
    value: int
    part: int = 0


@contextmanager
def chart(
    title: str,
    told: str,
    *,
    words: Words,
    columns: Sequence[str],
    rows: Sequence[Row],
    file: str,
) -> Generator[None]:
    """A figure around a drawing, with its numbers as a table and as a download.

    Args:
        title: What it shows.
        told: What is to be seen in it, in a sentence.
        words: The language.
        columns: Names of the columns of the table.
        rows: The numbers.
        file: Name of the download, without its ending.
    """
    with box("figure", "zy-chart"):
        caption(title, told, words, columns, rows, file=file)
        yield
        _as_table(words, title, columns, rows)


def columns_over_time(shown: Sequence[Column]) -> None:
    """Columns side by side, oldest first, with some labels below."""
    highest = max((column.value for column in shown), default=0) or 1
    with box("div", "zy-plot", aria_hidden="true"):
        text("span", f"{highest:,}", "zy-plot-top")
        with box("div", "zy-columns" + (" many" if len(shown) > 60 else "")):
            for label, value, part in shown:
                with box("div", "zy-column") as made:
                    made.props["title"] = f"{label}: {value:,}" + (f" ({part:,})" if part else "")
                    made.style(f"height: {100 * value / highest:.2f}%")
                    if part:
                        box("div", "part").style(f"height: {100 * part / max(value, 1):.2f}%")
        with box("div", "zy-axis"):
            last = len(shown) - 1
            for k in sorted({round(last * step / (_AXIS - 1)) for step in range(_AXIS)}):
                text("span", shown[k].label if shown else "")


def week_map(week: Sequence[Sequence[int]], words: Words) -> None:
    """Weekdays by hours, darker where more happens.

    Args:
        week: Counts, seven lists of 24.
        words: The language.
    """
    most = max((count for day in week for count in day), default=0) or 1
    with box("div", "zy-week", aria_hidden="true"):
        for day, hours in zip(WEEKDAYS, week, strict=True):
            text("span", words(day), "day")
            for hour, count in enumerate(hours):
                made = box("i")
                made.style(f"--share: {(count / most) ** 0.6:.3f}")
                made.props["title"] = f"{words(day)} {hour:02d}:00 · {count:,}"
        box("span", "day")
        for hour in range(0, 24, 6):
            text("span", f"{hour:02d}:00", "hour")
    with box("p", "zy-scale zy-soft", aria_hidden="true"):
        text("span", "0")
        box("i")
        text("span", f"{most:,}")


def busiest(week: Sequence[Sequence[int]]) -> tuple[int, int, int]:
    """Weekday (0: Monday), hour and count of the fullest cell."""
    return max(
        ((day, hour, count) for day, row in enumerate(week) for hour, count in enumerate(row)),
        key=lambda cell: cell[2],
    )


def when(milliseconds: int, step: str) -> str:
    """The beginning of a period, as short as its length allows."""
    form = {"hour": "%m-%d %H:00", "month": "%Y-%m"}.get(step, "%Y-%m-%d")
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime(form)


def _as_table(words: Words, title: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """The numbers, put in when they are asked for."""
    with box("details", "zy-numbers") as made:
        text("summary", words("As a table")).props["aria-label"] = f"{words('As a table')}: {title}"
        place = box("div")

    def fill() -> None:
        if not place.default_slot.children:
            with place:
                table(columns, [[_written(cell) for cell in row] for row in rows], label=title)

    made.on("toggle", lambda _: fill())


def _written(cell: object) -> object:
    return f"{cell:,}" if isinstance(cell, int) else cell
