"""Which column tells what came first."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

MAX_NULL_SHARE = 0.05
"""A column with more nulls than this does not order a data set."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """Rows in an order, and how it was found.

    Attributes:
        frame: The rows, in their original order, those without a place in time dropped.
        column: "timestamp", "position", or None for the order of the rows themselves.
        dropped: Rows left out because the column was null there.
    """

    frame: pl.DataFrame
    column: str | None
    dropped: int


def by_time(frame: pl.DataFrame) -> Ordered:
    """Chooses the order: the first of timestamp, position with at most 5 % nulls, else rows.

    Columns are never mixed within one data set; rows that are null in the chosen column
    are dropped and counted.
    """
    for column in ("timestamp", "position"):
        if column not in frame.columns or not frame.height:
            continue
        nulls = frame[column].null_count()
        if nulls <= MAX_NULL_SHARE * frame.height:
            return Ordered(frame.filter(pl.col(column).is_not_null()), column, nulls)
    return Ordered(frame, None, 0)
