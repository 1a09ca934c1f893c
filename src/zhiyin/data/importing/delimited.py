"""Delimited text: CSV, TSV, RecBole's atomic files.

Lines are judged in bulk: numpy counts delimiters and quotes, whatever is regular goes to
polars in one piece, and only what is left (fields that span lines, stray quotes, the wrong
number of fields) is looked at one by one.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.core.errors import DataError
from zhiyin.data.importing.batches import RawBatch, broken_lines
from zhiyin.data.importing.lines import Block, blocks
from zhiyin.data.importing.ragged import Ragged, read_ragged
from zhiyin.data.importing.sniffing import Recognised

_NEWLINE, _QUOTE = 10, 34
_STAND_IN = "\x1f"
"""Takes the place of a delimiter of several characters."""
_MAX_CARRY = 4 << 20

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Where lines start and end in a block, and which are regular."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    regular: Mask
    blank: Mask
    odd: Mask


def read_delimited(
    path: Path, found: Recognised, *, header: Sequence[str] | None
) -> Iterator[RawBatch]:
    """Yields the rows of a delimited file, every field as text, empty ones as null.

    Args:
        path: The file.
        found: Its encoding and delimiter.
        header: Names of the columns, where the file has no header line.
    """
    names: list[str] | None = None if header is None else list(header)
    notes: dict[str, int] = {}
    mark = found.delimiter
    carried = b""
    for block in blocks(path, found.encoding):
        block, mark = _single_mark(block, found.delimiter)
        if carried:
            joined = carried + block.data
            shift = carried.count(b"\n")
            block = replace(
                block,
                data=joined,
                first_line=block.first_line - shift,
                undecodable=block.undecodable + shift,
            )
        if names is None:
            names, notes, block = _take_header(path, block, mark)
        batch, carried = _read_block(block, names, mark)
        yield replace(batch, notes=notes)
        notes = {}


def _single_mark(block: Block, delimiter: str) -> tuple[Block, str]:
    if len(delimiter.encode()) == 1:
        return block, delimiter
    return replace(
        block, data=block.data.replace(delimiter.encode(), _STAND_IN.encode())
    ), _STAND_IN


def _take_header(path: Path, block: Block, mark: str) -> tuple[list[str], dict[str, int], Block]:
    data, line = block.data, block.first_line
    while data.startswith(b"\n"):
        data, line = data[1:], line + 1
    end = data.index(b"\n") + 1 if b"\n" in data else len(data)
    try:
        fields = next(csv.reader([data[:end].decode()], delimiter=mark), list[str]())
    except csv.Error as error:
        raise DataError(f"{path}: the header line cannot be read: {error}") from error
    names, notes = distinct_names([field.strip() for field in fields])
    skipped = line + 1 - block.first_line
    rest = replace(
        block, data=data[end:], first_line=line + 1, undecodable=block.undecodable - skipped
    )
    return names, notes, replace(rest, undecodable=rest.undecodable[rest.undecodable >= 0])


def distinct_names(fields: Sequence[str]) -> tuple[list[str], dict[str, int]]:
    """Column names, none twice: "", "a", "a" become "column_1", "a", "a_2"."""
    names: list[str] = []
    repeated = Counter[str]()
    for i, field in enumerate(fields):
        name = field or f"column_{i + 1}"
        while name in names:
            repeated[field] += 1
            name = f"{field}_{repeated[field] + 1}"
        names.append(name)
    notes = {f"column {name!r} appears again; the first is used": n for name, n in repeated.items()}
    return names, notes


def _read_block(block: Block, names: list[str], mark: str) -> tuple[RawBatch, bytes]:
    buffer = np.frombuffer(block.data, dtype=np.uint8)
    layout = _lay_out(buffer, len(names), ord(mark))
    end = len(layout.ends) if block.last else _complete(layout, len(buffer))
    carried = block.data[layout.starts[end] :] if end < len(layout.ends) else b""
    unreadable = np.zeros(len(layout.ends), dtype=np.bool_)
    unreadable[block.undecodable[block.undecodable < len(unreadable)]] = True
    regular = layout.regular & ~unreadable
    ragged = ~regular & ~layout.blank
    regular[end:] = ragged[end:] = False
    rows = _parse(buffer, layout, regular, names, mark)
    if rows is None:
        regular, ragged = np.zeros_like(regular), regular | ragged
        rows = _empty(names)
    lines = np.flatnonzero(regular)
    extra = _look_closer(block, layout, ragged, unreadable, names, mark)
    if extra.rows:
        more = pl.DataFrame(extra.rows, schema=dict.fromkeys(names, pl.String), orient="row")
        rows = pl.concat([rows, more])
        lines = np.concatenate([lines, np.asarray(extra.lines)])
        order = np.argsort(lines, kind="stable")
        rows, lines = rows[order], lines[order]
    numbers = pl.Series(lines + block.first_line, dtype=pl.Int64)
    broken = broken_lines([(line + block.first_line, why, raw) for line, why, raw in extra.broken])
    return RawBatch(rows, numbers, block.share, broken), carried


def _lay_out(buffer: NDArray[np.uint8], n_fields: int, mark: int) -> _Layout:
    ends = np.flatnonzero(buffer == _NEWLINE)
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    marks = np.flatnonzero(buffer == mark)
    line_of_mark = np.searchsorted(ends, marks)
    quotes = np.flatnonzero(buffer == _QUOTE)
    odd = np.zeros(len(ends), dtype=np.bool_)
    proper = np.ones(len(ends), dtype=np.bool_)
    if len(quotes):
        line_of_quote = np.searchsorted(ends, quotes)
        odd = np.bincount(line_of_quote, minlength=len(ends)) % 2 == 1
        before = np.searchsorted(quotes, starts)
        proper[line_of_quote[~_proper_quotes(buffer, quotes, before[line_of_quote], mark)]] = False
        inside = (np.searchsorted(quotes, marks) - before[line_of_mark]) % 2 == 1
        line_of_mark = line_of_mark[~inside]
    fields = np.bincount(line_of_mark, minlength=len(ends)) + 1
    blank = ends == starts
    open_before = np.cumsum(odd) - odd
    alone = ~odd & (open_before % 2 == 0)
    return _Layout(starts, ends, (fields == n_fields) & alone & proper & ~blank, blank, odd)


def _proper_quotes(
    buffer: NDArray[np.uint8], quotes: NDArray[np.int64], first: NDArray[np.int64], mark: int
) -> Mask:
    """Whether each quote opens after, or closes before, a delimiter, a line's end or a quote."""
    opens = (np.arange(len(quotes)) - first) % 2 == 0
    neighbour = np.where(opens, quotes - 1, quotes + 1)
    byte = buffer[np.clip(neighbour, 0, len(buffer) - 1)]
    return (byte == mark) | (byte == _NEWLINE) | (byte == _QUOTE) | (neighbour < 0)


def _complete(layout: _Layout, size: int) -> int:
    """How many lines to take now: a field that is still open at the end waits for the rest."""
    odd = np.flatnonzero(layout.odd)
    if len(odd) % 2 == 0:
        return len(layout.ends)
    start = int(odd[-1])
    return start if size - layout.starts[start] < _MAX_CARRY else len(layout.ends)


def _parse(
    buffer: NDArray[np.uint8], layout: _Layout, regular: Mask, names: list[str], mark: str
) -> pl.DataFrame | None:
    """The regular lines at once; None where polars sees them otherwise than we do."""
    n = int(regular.sum())
    if not n:
        return _empty(names)
    if not regular.all():
        buffer = buffer[np.repeat(regular, layout.ends - layout.starts + 1)]
    data = buffer.tobytes()
    try:
        frame = pl.read_csv(
            data,
            has_header=False,
            new_columns=names,
            separator=mark,
            quote_char='"' if b'"' in data else None,
            infer_schema=False,
        )
    except (pl.exceptions.PolarsError, ValueError):
        return None
    return frame if frame.height == n and frame.columns == names else None


def _look_closer(
    block: Block, layout: _Layout, ragged: Mask, unreadable: Mask, names: list[str], mark: str
) -> Ragged:
    if not ragged.any():
        return Ragged()

    def text(line: int) -> str:
        return block.data[layout.starts[line] : layout.ends[line]].decode("utf-8", "replace")

    return read_ragged(
        np.flatnonzero(ragged).tolist(),
        np.flatnonzero(layout.odd).tolist(),
        text,
        n_fields=len(names),
        mark=mark,
        unreadable=set(np.flatnonzero(unreadable).tolist()),
    )


def _empty(names: list[str]) -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
