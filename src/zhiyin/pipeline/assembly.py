"""From the store to a data set."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.core import schema
from zhiyin.core.errors import NotEnoughDataError
from zhiyin.core.histories import by_user, histories_from_columns
from zhiyin.core.protocols import EntityStore, EventStore, ExposureLog
from zhiyin.data import attribute_table
from zhiyin.data.dataset import Dataset, category_pairs
from zhiyin.data.facts import facts_of
from zhiyin.data.ordering import by_time
from zhiyin.data.slates import slates_of
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.pipeline.freshness import freshness
from zhiyin.pipeline.settings import EventSettings

_COLUMNS = ["user_key", "item_key", "type", "timestamp", "position", "value", "query", "context"]
MOST_SLATES = 200_000
"""Slates that are read for learning, the newest."""


def load_dataset(
    events: EventStore,
    entities: EntityStore,
    *,
    settings: EventSettings,
    exposures: ExposureLog | None = None,
) -> Dataset:
    """Everything the store knows, as one data set.

    Args:
        events: The log.
        entities: The users and items.
        settings: What events mean.
        exposures: What was shown; None where nobody learns from it.

    Raises:
        NotEnoughDataError: There is no item to recommend. Items without events are enough:
            all of them are equally popular.
    """
    last_seq = events.last_seq()
    batches = list(events.scan(columns=_COLUMNS))
    empty = pl.DataFrame(schema={name: schema.EVENTS[name] for name in _COLUMNS})
    frame = pl.concat(batches) if batches else empty
    linked = frame.filter(pl.col("item_key").is_not_null())
    items_frame = entities.scan("item")
    if not items_frame.height:
        raise NotEnoughDataError(
            "there is no item, neither in a catalogue nor in an event",
            hint="import some with `zhiyin import --events FILE --items FILE`",
        )
    users_frame = entities.scan("user", columns=["key", "id"])
    living = linked.filter(
        pl.col("user_key").is_in(users_frame["key"].implode())
        & pl.col("item_key").is_in(items_frame["key"].implode())
    )
    ordered = by_time(living)
    items = Vocabulary(items_frame["id"].to_list(), keys=items_frame["key"].to_numpy())
    active = users_frame.filter(pl.col("key").is_in(living["user_key"].unique().implode()))
    users = Vocabulary(active["id"].to_list(), keys=active["key"].to_numpy())
    titles, categories = catalogue_columns(items_frame)
    pairs, names = category_pairs(items, categories)
    as_of = ordered.frame["timestamp"].max() if ordered.column == "timestamp" else 0
    rows, order = (
        users.locate(ordered.frame["user_key"].to_numpy()),
        _order(ordered.frame, ordered.column),
    )
    histories = histories_from_columns(
        rows,
        items.locate(ordered.frame["item_key"].to_numpy()),
        event_weights(ordered.frame, settings=settings, as_of=int(as_of or 0)),  # type: ignore[arg-type]
        n_users=len(users),
        n_items=len(items),
        order=order,
        order_is_time=ordered.column == "timestamp",
    )
    facts = facts_of(ordered.frame, conversions=settings.conversions, dwell=settings.dwell)
    shown = [] if exposures is None else exposures.recent(None, since=0, limit=MOST_SLATES)
    attributes = attribute_table.from_json(items, items_frame)
    dropped = {
        "without an item": frame.height - linked.height,
        "of a deleted user or item": linked.height - living.height,
        "without a time": ordered.dropped,
    }
    return Dataset(
        users,
        items,
        histories,
        titles,
        pairs,
        names,
        int(as_of or 0),  # type: ignore[arg-type]
        {reason: n for reason, n in dropped.items() if n},
        ordered.column,
        last_seq,
        item_attributes=attributes,
        user_attributes=attribute_table.from_json(
            users, entities.scan("user").filter(pl.col("id").is_in(users.ids))
        ),
        facts=None if facts is None else facts[by_user(rows, order)],
        slates=slates_of(shown, users=users, items=items) if shown else None,
        item_values=_worth(attributes, settings.value_column),
    )


def _worth(attributes: pl.DataFrame | None, column: str) -> NDArray[np.float32] | None:
    """What a conversion of each item is worth by a column of the catalogue."""
    if attributes is None or column not in attributes.columns:
        return None
    if not (attributes[column].dtype.is_numeric() or attributes[column].dtype == pl.String):
        return None
    worth = attributes[column].cast(pl.Float32, strict=False).to_numpy().copy()
    worth[~(np.isfinite(worth) & (worth >= 0))] = np.nan
    return worth if np.isfinite(worth).any() else None


def event_weights(
    frame: pl.DataFrame, *, settings: EventSettings, as_of: int
) -> NDArray[np.float32]:
    """The weight of each event: that of its type, halved every half-life.

    Args:
        frame: With ``type`` and, for the half-life, ``timestamp``.
        settings: Weights and half-life.
        as_of: The present, in milliseconds.
    """
    weights = (
        frame["type"]
        .cast(pl.String)
        .replace_strict(settings.weights, default=settings.default_weight, return_dtype=pl.Float64)
        .to_numpy()
    )
    times = frame["timestamp"].fill_null(as_of).to_numpy()
    fade = freshness(times, as_of=as_of, half_life_days=settings.half_life_days)
    return (weights * fade).astype(np.float32)


def catalogue_columns(items: pl.DataFrame) -> tuple[dict[str, str], pl.DataFrame]:
    """Titles by id, and a frame of ``id`` and ``categories``, from entity rows."""
    titles: dict[str, str] = {}
    ids: list[str] = []
    categories: list[list[str]] = []
    known = items.filter(pl.col("attributes").is_not_null())
    for entity_id, text in zip(known["id"], known["attributes"], strict=True):
        attributes = json.loads(text)
        if attributes.get("title"):
            titles[entity_id] = str(attributes["title"])
        ids.append(entity_id)
        named: list[Any] = attributes.get("categories") or []
        categories.append([str(category) for category in named])
    frame = pl.DataFrame(
        {"id": ids, "categories": categories},
        schema={"id": pl.String, "categories": pl.List(pl.String)},
    )
    return titles, frame


def _order(frame: pl.DataFrame, column: str | None) -> NDArray[np.int64] | None:
    """What came first; None where no column tells: the order of an export means nothing."""
    return None if column is None else frame[column].to_numpy().astype(np.int64)
