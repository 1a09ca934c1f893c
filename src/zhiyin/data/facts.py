"""What events tell beside who took what: conversions, values, dwell, contexts, slates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

CONTEXT = ("device", "place", "surface", "query", "hour", "weekday")
"""Names that are read from the context of an event; the text of a search is a query too."""
COLUMNS: dict[str, type[pl.DataType]] = {
    "converted": pl.Boolean,
    "paid": pl.Float64,
    "dwell": pl.Float64,
    "slate": pl.String,
    **dict.fromkeys(CONTEXT, pl.String),
}
"""A row per event, in the order of the histories.

``converted``: whether it is a conversion; ``paid``: what that was worth, null where unknown;
``dwell``: how long the user stayed, in seconds, null for other events; ``slate``: id of the
slate that it answers; then what the context told, null where it told nothing.
"""


def facts_of(
    events: pl.DataFrame, *, conversions: Sequence[str], dwell: Sequence[str]
) -> pl.DataFrame | None:
    """The facts of events, in their order.

    Args:
        events: With type, value, query and context, as in ``zhiyin.core.schema.EVENTS``.
        conversions: Types of events that are conversions.
        dwell: Types of events whose value is a time in seconds.

    Returns:
        A frame of `COLUMNS`; None where no event tells anything.
    """
    kind, value = pl.col("type").cast(pl.String), pl.col("value")
    sensible = value.is_finite() & (value >= 0)
    converted = kind.is_in(list(conversions)).fill_null(value=False)
    told = {name: _told(name) for name in ("slate_id", *CONTEXT)}
    told["query"] = pl.coalesce(pl.col("query"), told["query"])
    found = events.select(
        converted.alias("converted"),
        pl.when(converted & sensible).then(value).alias("paid"),
        pl.when(kind.is_in(list(dwell)) & sensible).then(value).alias("dwell"),
        told.pop("slate_id").alias("slate"),
        *(expression.alias(name) for name, expression in told.items()),
    ).cast(COLUMNS)  # type: ignore[arg-type]
    if found["converted"].any() or any(found[n].count() for n in found.columns[1:]):
        return found
    return None


def context_of(facts: pl.DataFrame, event: int) -> Mapping[str, Any]:
    """What one event told of its moment, as a request would tell it."""
    found = facts.select(CONTEXT).row(event, named=True)
    return {name: told for name, told in found.items() if told is not None}


def _told(name: str) -> pl.Expr:
    """A plain value of the context, as text."""
    text = pl.col("context").str.json_path_match(f"$.{name}")
    # Lists and objects are no values; a quoted text that looks like one is a rare loss.
    return pl.when(~text.str.starts_with("{") & ~text.str.starts_with("[")).then(text)
