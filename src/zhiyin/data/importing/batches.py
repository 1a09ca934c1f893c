"""What every reader yields: raw rows with the place they came from, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

BROKEN: dict[str, type[pl.DataType]] = {"line": pl.Int64, "reason": pl.String, "raw": pl.String}
"""Columns of the lines that could not be read."""


@dataclass(frozen=True, slots=True, eq=False)
class RawBatch:
    """Rows as they stand in the file.

    Attributes:
        rows: All columns of the file; text where the file has no types.
        lines: Line (or row) number of each row, counted from 1, Int64.
        share: Part of the file read so far, 0..1.
        broken: Lines that could not be read, see `BROKEN`.
        notes: What else was seen, with a count.
    """

    rows: pl.DataFrame
    lines: pl.Series
    share: float
    broken: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BROKEN))
    notes: dict[str, int] = field(default_factory=dict[str, int])


def broken_lines(found: list[tuple[int, str, str]]) -> pl.DataFrame:
    """(line, reason, raw text) as a frame."""
    return pl.DataFrame(found, schema=BROKEN, orient="row")
