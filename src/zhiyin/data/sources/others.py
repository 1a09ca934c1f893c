"""Book-Crossing (Ziegler et al., 2005) and RetailRocket (2016)."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from zhiyin.data.importing.batches import RawBatch
from zhiyin.data.importing.delimited import read_delimited
from zhiyin.data.importing.sniffing import Recognised
from zhiyin.data.sources.tables import DataSource, Download, Mirror, Tables, find_file


def load_book_crossing(folder: Path) -> Tables:
    """The dump of 2004: semicolons, Latin-1, every field quoted; 0 means no rating."""
    ratings = _semicolons(find_file(folder, "BX-Book-Ratings.csv"))
    books = _semicolons(find_file(folder, "BX-Books.csv"))
    users = _semicolons(find_file(folder, "BX-Users.csv"))
    value = pl.col("Book-Rating").cast(pl.Float64, strict=False)
    interactions = ratings.select(
        pl.col("User-ID").alias("user_id"),
        pl.col("ISBN").alias("item_id"),
        pl.lit(None, pl.Int64).alias("timestamp"),
        pl.when(value > 0).then(value).alias("value"),
        pl.when(value > 0).then(pl.lit("rating")).otherwise(pl.lit("interaction")).alias("event"),
    )
    items = books.select(
        pl.col("ISBN").alias("item_id"),
        pl.col("Book-Title").alias("title"),
        pl.concat_list("Book-Author").alias("categories"),
        pl.col("Book-Author").alias("author"),
        pl.col("Year-Of-Publication").cast(pl.Int64, strict=False).alias("year"),
        pl.col("Publisher").alias("publisher"),
    ).unique("item_id", keep="first", maintain_order=True)
    people = users.select(
        pl.col("User-ID").alias("user_id"),
        pl.col("Location").alias("place"),
        pl.col("Age").replace("NULL", None).cast(pl.Int64, strict=False).alias("age"),
    )
    return Tables(interactions.lazy(), items, people)


def load_retailrocket(folder: Path) -> Tables:
    """``events.csv``: milliseconds, a visitor, view / addtocart / transaction, an item."""
    events = pl.scan_csv(find_file(folder, "events.csv"), infer_schema=False)
    return Tables(
        events.select(
            pl.col("visitorid").alias("user_id"),
            pl.col("itemid").alias("item_id"),
            (pl.col("timestamp").cast(pl.Int64) // 1000).alias("timestamp"),
            pl.lit(None, pl.Float64).alias("value"),
            pl.col("event").replace({"addtocart": "cart", "transaction": "purchase"}),
        )
    )


def _semicolons(path: Path) -> pl.DataFrame:
    """Reads what can be read; backslash-escaped quotes, as in this dump, are undone first."""
    clean = path.with_suffix(".clean")
    clean.write_bytes(path.read_bytes().replace(b'\\"', b"'"))
    batches: list[RawBatch] = list(
        read_delimited(clean, Recognised("delimited", "latin-1", ";"), header=None)
    )
    return pl.concat([batch.rows for batch in batches])


OTHERS: tuple[DataSource, ...] = (
    DataSource(
        "book-crossing",
        "1.1 million ratings of 270,000 books by 105,000 readers; no times",
        "free for research, cite Ziegler et al. 2005",
        (
            Mirror(
                (Download("http://www2.informatik.uni-freiburg.de/~cziegler/BX/BX-CSV-Dump.zip"),),
                load_book_crossing,
            ),
        ),
    ),
    DataSource(
        "retailrocket",
        "2.7 million views, carts and purchases of 235,000 products by 1.4 million visitors",
        "CC BY-NC-SA 4.0",
        (Mirror((), load_retailrocket),),
        by_hand="log in at https://www.kaggle.com/datasets/retailrocket/ecommerce-dataset, "
        "download events.csv",
    ),
)
"""Further data sets."""
