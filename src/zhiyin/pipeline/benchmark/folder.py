"""From a folder of Parquet files to a data set and its tests."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from zhiyin.core.errors import DataError
from zhiyin.data import attribute_table
from zhiyin.data.dataset import Dataset, category_pairs
from zhiyin.data.positives import positives
from zhiyin.data.protocols import Split, SplitProtocol, split

_WANTED = ["user_id", "item_id", "timestamp", "position", "value", "event", "split"]


def read_split(folder: Path, *, protocol: SplitProtocol, seed: int) -> Split:
    """Reads ``interactions.parquet`` and divides it.

    Raises:
        DataError: The file is absent, damaged, or lacks what the protocol needs.
        NotEnoughDataError: Nothing is left to learn from or to test on.
    """
    table = _read(folder / "interactions.parquet", _WANTED)
    return split(positives(table, source="interactions.parquet"), protocol=protocol, seed=seed)


def as_dataset(parts: Split, folder: Path) -> Dataset:
    """The training rows of a split, with titles and categories from ``items.parquet``.

    Raises:
        DataError: ``items.parquet`` is damaged or has no item_id.
    """
    titles: dict[str, str] = {}
    categories, names = None, []
    attributes: pl.DataFrame | None = None
    path = folder / "items.parquet"
    if path.exists():
        items = _entities(path, "item_id")
        attributes = attribute_table.in_order(parts.items, items)
        if "title" in items.columns:
            known = items.filter(pl.col("title").is_not_null())
            titles = dict(zip(known["id"], known["title"].cast(pl.String), strict=True))
        if "categories" in items.columns:
            categories, names = category_pairs(parts.items, items)
    return Dataset(
        parts.users,
        parts.items,
        parts.train,
        titles,
        categories,
        names,
        parts.as_of,
        parts.dropped,
        parts.order if parts.order in ("timestamp", "position") else None,
        held_out=parts.held_out,
        item_attributes=attributes,
        user_attributes=_user_attributes(parts, folder / "users.parquet"),
    )


def _user_attributes(parts: Split, path: Path) -> pl.DataFrame | None:
    if not path.exists():
        return None
    return attribute_table.in_order(parts.users, _entities(path, "user_id"))


def _entities(path: Path, key: str) -> pl.DataFrame:
    """One row per user or item, its id in ``id``, and lists of texts in ``categories``."""
    table = _read(path)
    if key not in table.columns:
        raise DataError(f"{path} has no column {key}", hint="rename the column that holds the ids")
    entities = table.rename({key: "id"}).with_columns(pl.col("id").cast(pl.String))
    entities = entities.filter(pl.col("id").is_not_null())
    entities = entities.unique("id", keep="first", maintain_order=True)
    if "categories" not in entities.columns:
        return entities
    column = pl.col("categories")
    if not isinstance(entities["categories"].dtype, pl.List):
        column = pl.concat_list(column)
    return entities.with_columns(column.cast(pl.List(pl.String)))


def _read(path: Path, wanted: list[str] | None = None) -> pl.DataFrame:
    """The wanted columns of a Parquet file, those that it has; all where nothing is said."""
    try:
        scan = pl.scan_parquet(path)
        found = scan.collect_schema().names()
        return scan.select([name for name in wanted or found if name in found]).collect()
    except FileNotFoundError as error:
        raise DataError(
            f"{path} does not exist", hint="the folder needs a file interactions.parquet"
        ) from error
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path} is not a readable Parquet file: {error}") from error
