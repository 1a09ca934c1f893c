"""Amazon reviews of 2014 (McAuley et al., 2015) and 2018 (Ni et al., 2019), by category."""

from __future__ import annotations

import ast
import re
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from zhiyin.core.errors import DataError
from zhiyin.data.importing.jsonlines import Row, read_json_lines, to_frame
from zhiyin.data.importing.sniffing import open_bytes
from zhiyin.data.sources.tables import DataSource, Download, Mirror, Tables, find_file

_TERMS = "UCSD, McAuley group: research use, cite the paper of the edition"
_2014 = "http://snap.stanford.edu/data/amazon/productGraph/categoryFiles/"
_2018 = "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_v2/"
_TEXTS = ("reviewerID", "asin", "overall", "unixReviewTime", "reviewText", "summary")
_CATEGORY = re.compile(r"^[A-Z][A-Za-z_]+$")
_EXAMPLES = {"amazon-2014": "Beauty", "amazon-2018": "All_Beauty"}

PREFIXES = tuple(_EXAMPLES)
"""Editions; a category follows after a colon."""


def amazon(name: str) -> DataSource:
    """The 5-core reviews and the catalogue of one category, such as ``amazon-2018:All_Beauty``.

    Raises:
        DataError: The name is not an edition and a category.
    """
    edition, _, category = name.partition(":")
    if not _CATEGORY.match(category):
        example = f"{edition}:{_EXAMPLES.get(edition, 'Beauty')}"
        raise DataError(f"{name!r} lacks a category", hint=f"write it as on the site: {example}")
    if edition == "amazon-2014":
        urls = (f"{_2014}reviews_{category}_5.json.gz", f"{_2014}meta_{category}.json.gz")
    else:
        urls = (
            f"{_2018}categoryFilesSmall/{category}_5.json.gz",
            f"{_2018}metaFiles2/meta_{category}.json.gz",
        )
    reviews, meta = (Download(url) for url in urls)
    load = partial(load_reviews, reviews=reviews.file, meta=meta.file)
    summary = f"Amazon reviews of {edition[-4:]}, {category.replace('_', ' ')}, 5-core"
    return DataSource(name, summary, _TERMS, (Mirror((reviews, meta), load),))


def load_reviews(folder: Path, *, reviews: str, meta: str) -> Tables:
    """Reviews as JSON Lines; the catalogue as JSON (2018) or Python literals (2014)."""
    batches = [
        _reviews(batch.rows)
        for batch in read_json_lines(find_file(folder, reviews), "utf-8", as_text=_TEXTS)
        if batch.rows.height
    ]
    interactions = pl.concat(batches)
    bought = set(interactions["item_id"].unique().to_list())
    return Tables(interactions.lazy(), _catalogue(find_file(folder, meta), bought))


def _reviews(rows: pl.DataFrame) -> pl.DataFrame:
    absent = [pl.lit(None, pl.String).alias(name) for name in _TEXTS if name not in rows.columns]
    text = pl.concat_str("summary", "reviewText", separator=". ", ignore_nulls=True)
    return rows.with_columns(absent).select(
        pl.col("reviewerID").alias("user_id"),
        pl.col("asin").alias("item_id"),
        pl.col("unixReviewTime").cast(pl.Int64, strict=False).alias("timestamp"),
        pl.col("overall").cast(pl.Float64, strict=False).alias("value"),
        pl.lit("rating").alias("event"),
        text.replace("", None).alias("text"),
    )


def _catalogue(path: Path, wanted: set[str]) -> pl.DataFrame:
    items: dict[str, Row] = {}
    with open_bytes(path) as stream:
        for line in stream:
            row = _literal(line.decode("utf-8", "replace"))
            if row is not None and row.get("asin") in wanted:
                items[str(row["asin"])] = _item(row)
    return to_frame([items[name] for name in sorted(items)], as_text=("item_id", "title", "text"))


def _literal(line: str) -> Row | None:
    """A line of JSON, or of Python as the edition of 2014 wrote it."""
    words = {"true": True, "false": False, "null": None}
    text = line.strip()
    try:
        value: Any = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        text = re.sub(r"\b(true|false|null)\b", lambda m: repr(words[m[0]]), text)
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType]


def _item(row: Row) -> Row:
    described: Any = row.get("description")
    text = " ".join(map(str, described)) if isinstance(described, list) else described  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    price = re.search(r"\d+(?:\.\d+)?", str(row.get("price") or ""))
    return {
        "item_id": row["asin"],
        "title": row.get("title") or None,
        "text": text or None,
        "categories": _categories(row),
        "brand": row.get("brand") or None,
        "price": float(price[0]) if price else None,
    }


def _categories(row: Row) -> list[str]:
    """Lists of lists in 2014, one list in 2018, a single name where there is neither."""
    found: Any = row.get("categories") or row.get("category") or row.get("main_cat") or []
    while isinstance(found, list) and found and isinstance(found[0], list):
        found = found[0]  # pyright: ignore[reportUnknownVariableType]
    return [str(name) for name in found] if isinstance(found, list) else [str(found)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
