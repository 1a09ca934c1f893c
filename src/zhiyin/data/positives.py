"""From a table of interactions to the rows that count as liking."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from zhiyin.core.errors import DataError, NotEnoughDataError
from zhiyin.data.importing.times import to_milliseconds
from zhiyin.data.ordering import MAX_NULL_SHARE


@dataclass(frozen=True, slots=True)
class Positives:
    """Rows that count as liking, in the order of the file.

    Attributes:
        frame: With ``user_id`` and ``item_id`` as text, and ``timestamp`` (milliseconds),
            ``position`` and ``split`` where the table has them.
        dropped: Rows left out, by reason.
    """

    frame: pl.DataFrame
    dropped: dict[str, int]

    def less(self, frame: pl.DataFrame, reason: str) -> Positives:
        """With fewer rows, the difference counted under a reason."""
        gone = self.frame.height - frame.height
        before = self.dropped.get(reason, 0)
        dropped = {**self.dropped, reason: before + gone} if gone else self.dropped
        return replace(self, frame=frame, dropped=dropped)

    def first_occurrences(self) -> Positives:
        """Of a repeated (user, item) pair only the first row."""
        kept = self.frame.unique(["user_id", "item_id"], keep="first", maintain_order=True)
        return self.less(kept, "repeated pair")


def positives(table: pl.DataFrame, *, source: str) -> Positives:
    """Every row but those without an id and impressions with value 0.

    Args:
        table: With ``user_id`` and ``item_id``, and any of ``timestamp``, ``position``,
            ``value``, ``event``, ``split``.
        source: Name of the table in messages.

    Raises:
        DataError: A column is missing or unreadable.
        NotEnoughDataError: No row is left.
    """
    missing = [name for name in ("user_id", "item_id") if name not in table.columns]
    if missing:
        raise DataError(
            f"{source} has no column {' and no column '.join(missing)}",
            hint=f"its columns are {', '.join(table.columns)}; rename the right ones",
        )
    ids = pl.col("user_id", "item_id").cast(pl.String)
    columns = [name for name in ("position", "split") if name in table.columns]
    frame = table.select(ids, *(_column(table, name) for name in columns), *_time(table, source))
    named = pl.col("user_id").fill_null("").ne("") & pl.col("item_id").fill_null("").ne("")
    liked = ~_impression(table)
    result = Positives(frame, {})
    result = result.less(frame.filter(liked), "impression without feedback")
    result = result.less(result.frame.filter(named), "without an id")
    if not result.frame.height:
        raise NotEnoughDataError(
            f"{source} holds no interaction", hint=f"left out: {result.dropped}"
        )
    return result


def _impression(table: pl.DataFrame) -> pl.Series:
    if not {"event", "value"} <= set(table.columns):
        return pl.repeat(False, table.height, eager=True)
    shown = table["event"].cast(pl.String) == "impression"
    return (shown & (table["value"].cast(pl.Float64) == 0)).fill_null(False)


def _column(table: pl.DataFrame, name: str) -> pl.Series:
    series = table[name]
    return series.fill_nan(None) if series.dtype.is_float() else series


def _time(table: pl.DataFrame, source: str) -> list[pl.Series]:
    """The column ``timestamp`` in milliseconds, where there is one."""
    if "timestamp" not in table.columns:
        return []
    times = to_milliseconds(_column(table, "timestamp"))
    bad = int(times.bad.sum())
    if bad > MAX_NULL_SHARE * table.height:
        raise DataError(
            f"{source}: {bad} of {table.height} values of the column timestamp are not a time",
            hint="write seconds, milliseconds or ISO 8601",
        )
    return [times.milliseconds.alias("timestamp")]
