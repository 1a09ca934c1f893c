"""What the log says about searches: which items people turned to after which words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from zhiyin.core import schema
from zhiyin.core.protocols import EntityStore, EventStore

_COLUMNS = ["user_key", "item_key", "type", "timestamp", "query"]
WINDOW_MS = 30 * 60_000
"""An event on an item answers the user's last search if it came within half an hour."""


@dataclass(frozen=True, slots=True)
class AnsweredSearch:
    """A query, and the items that people turned to after it.

    Attributes:
        query: Its words, as they were last written.
        last: When it was last asked, in milliseconds since the epoch.
        clicks: How many searches each item answered, by item id.
    """

    query: str
    last: int
    clicks: Mapping[str, float]


def answered_searches(
    events: EventStore, entities: EntityStore, *, weights: Mapping[str, float], default: float
) -> list[AnsweredSearch]:
    """The queries of the log with what answered them, the oldest first.

    An event on an item answers the search that its user made last, at most half an hour before;
    one that carries a query itself answers that query. Events whose type weighs 0 or less
    (impressions, dislikes) answer nothing. Searches in the same words, capitals and spaces
    apart, are one query. Events without a time are passed over.

    Args:
        events: The log.
        entities: Ids of items.
        weights: What each type of event says about an item.
        default: Weight of a type that is not named.
    """
    kinds = {name: schema.EVENTS[name] for name in _COLUMNS}
    batches = [
        batch.select(_COLUMNS).cast(pl.Schema(kinds)) for batch in events.scan(columns=_COLUMNS)
    ]
    frame = pl.concat([pl.DataFrame(schema=kinds), *batches]).with_row_index("seq")
    frame = frame.filter(pl.col("timestamp").is_not_null()).with_columns(
        words=pl.col("query").str.replace_all(r"\s+", " ").str.strip_chars(" ")
    )
    frame = frame.sort("user_key", "timestamp", "seq").with_columns(
        said=pl.when(pl.col("words").str.len_chars() > 0).then(pl.col("words"))
    )
    asks = pl.col("said").is_not_null()
    frame = frame.with_columns(
        asked=pl.col("said").forward_fill().over("user_key"),
        at=pl.when(asks).then("timestamp").forward_fill().over("user_key"),
        nth=pl.when(asks).then("seq").forward_fill().over("user_key"),
    )
    weight = pl.col("type").replace_strict(dict(weights), default=default, return_dtype=pl.Float64)
    answers = frame.filter(
        pl.col("item_key").is_not_null()
        & pl.col("asked").is_not_null()
        & (pl.col("timestamp") - pl.col("at") <= WINDOW_MS)
        & (weight > 0)
    )
    # A search counts an item once, however often it was looked at.
    once = answers.unique(["nth", "item_key"], maintain_order=True)
    counted = (
        once.with_columns(key=pl.col("asked").str.to_lowercase())
        .sort("at", "seq")
        .group_by("key", "item_key", maintain_order=True)
        .agg(pl.len().alias("n"), pl.col("asked").last(), pl.col("at").last())
    )
    ids = entities.ids("item", counted["item_key"].unique().to_list())
    found: dict[str, AnsweredSearch] = {}
    for row in counted.sort("at", maintain_order=True).iter_rows(named=True):
        item = ids.get(row["item_key"])
        if item is None:
            continue
        before = found.get(row["key"])
        clicks = {**(before.clicks if before else {}), item: float(row["n"])}
        found[row["key"]] = AnsweredSearch(row["asked"], row["at"], clicks)
    return sorted(found.values(), key=lambda search: (search.last, search.query))
