"""MovieLens (Harper & Konstan, 2015) in its several layouts."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from zhiyin.data.sources.tables import DataSource, Download, Mirror, Tables, Wheel, find_file

_SITE = "https://files.grouplens.org/datasets/movielens/"
_TERMS = "GroupLens: research use, no redistribution without permission, cite Harper & Konstan 2015"
_RATING = {"user_id": pl.String, "item_id": pl.String, "value": pl.Float64, "timestamp": pl.Int64}
_GENRES_100K = (
    "unknown Action Adventure Animation Children's Comedy Crime Documentary Drama Fantasy "
    "Film-Noir Horror Musical Mystery Romance Sci-Fi Thriller War Western"
).split()
_MARK = "\x1f"


def _events(ratings: pl.LazyFrame) -> pl.LazyFrame:
    return ratings.select(
        "user_id", "item_id", "timestamp", "value", pl.lit("rating").alias("event")
    )


def load_100k(folder: Path) -> Tables:
    """The layout of ml-100k: ``u.data``, ``u.item``, ``u.user``."""
    ratings = pl.scan_csv(
        find_file(folder, "u.data"), separator="\t", has_header=False, schema=_RATING
    )
    rows = [line.split("|") for line in _latin(find_file(folder, "u.item"))]
    items = pl.DataFrame(
        {
            "item_id": [row[0] for row in rows],
            "title": [row[1] for row in rows],
            "categories": [
                [g for g, flag in zip(_GENRES_100K, row[5:], strict=False) if flag == "1"]
                for row in rows
            ],
            "release_date": [row[2] or None for row in rows],
        }
    )
    users = pl.DataFrame(
        [line.split("|") for line in _latin(find_file(folder, "u.user"))],
        schema=["user_id", "age", "gender", "occupation", "zip_code"],
        orient="row",
    )
    return Tables(_events(ratings), items, users.with_columns(pl.col("age").cast(pl.Int64)))


def load_recbole_100k(folder: Path) -> Tables:
    """ml-100k as RecBole's wheel carries it: atomic files."""
    part = {end: find_file(folder, f"ml-100k.{end}") for end in ("inter", "item", "user")}
    ratings = pl.scan_csv(part["inter"], separator="\t", infer_schema=False, quote_char=None)
    columns = ["user_id", "item_id", "value", "timestamp"]
    ratings = ratings.rename(dict(zip(ratings.collect_schema().names(), columns, strict=True)))
    ratings = ratings.with_columns(
        pl.col("value").cast(pl.Float64), pl.col("timestamp").cast(pl.Float64).cast(pl.Int64)
    )
    items = pl.read_csv(part["item"], separator="\t", infer_schema=False, quote_char=None)
    items.columns = ["item_id", "title", "year", "categories"]
    items = items.with_columns(
        pl.col("categories").str.split(" ").list.eval(pl.element().filter(pl.element() != "")),
        pl.col("year").cast(pl.Int64, strict=False),
    )
    users = pl.read_csv(part["user"], separator="\t", infer_schema=False, quote_char=None)
    users.columns = ["user_id", "age", "gender", "occupation", "zip_code"]
    return Tables(_events(ratings), items, users.with_columns(pl.col("age").cast(pl.Int64)))


def load_dat(folder: Path) -> Tables:
    """The layout of ml-1m: ``ratings.dat`` and others, fields between two colons."""
    ratings = _dat(find_file(folder, "ratings.dat"), list(_RATING))
    ratings = ratings.with_columns(pl.col(name).cast(dtype) for name, dtype in _RATING.items())
    movies = _dat(find_file(folder, "movies.dat"), ["item_id", "title", "categories"])
    users = _dat(
        find_file(folder, "users.dat"), ["user_id", "gender", "age", "occupation", "zip_code"]
    )
    items = movies.with_columns(pl.col("categories").str.split("|"))
    return Tables(_events(ratings.lazy()), items, users.with_columns(pl.col("age").cast(pl.Int64)))


def load_csv(folder: Path) -> Tables:
    """The layout of ml-20m, ml-25m and ml-latest: ``ratings.csv``, ``movies.csv``."""
    ratings = pl.scan_csv(
        find_file(folder, "ratings.csv"),
        schema={
            "userId": pl.String,
            "movieId": pl.String,
            "rating": pl.Float64,
            "timestamp": pl.Int64,
        },
    ).rename({"userId": "user_id", "movieId": "item_id", "rating": "value"})
    movies = pl.read_csv(find_file(folder, "movies.csv"), infer_schema=False)
    genres = pl.col("genres").replace("(no genres listed)", None).str.split("|")
    items = movies.select(pl.col("movieId").alias("item_id"), "title", genres.alias("categories"))
    return Tables(_events(ratings), items)


def _latin(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="latin-1").split("\n") if line]


def _dat(path: Path, columns: list[str]) -> pl.DataFrame:
    text = path.read_bytes().decode("latin-1").replace("::", _MARK)
    return pl.read_csv(
        text.encode(),
        separator=_MARK,
        has_header=False,
        new_columns=columns,
        infer_schema=False,
        quote_char=None,
    )


def _official(name: str, summary: str, md5: str, load: Mirror | None = None) -> DataSource:
    loader = {"ml-100k": load_100k, "ml-1m": load_dat}.get(name, load_csv)
    checksum = f"md5:{md5}" if md5 else ""
    mirrors = (Mirror((Download(f"{_SITE}{name}.zip", checksum),), loader),)
    return DataSource(name, summary, _TERMS, (*mirrors, load) if load else mirrors)


RECBOLE_WHEEL = Wheel(
    "recbole==1.2.1", "sha256:9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
)
"""A wheel of 2 MB on the package index that carries ml-100k whole."""

MOVIELENS: tuple[DataSource, ...] = (
    _official(
        "ml-100k",
        "100,000 ratings of 1,682 films by 943 people",
        "0e33842e24a9c977be4e0107933c0723",
        Mirror((RECBOLE_WHEEL,), load_recbole_100k),
    ),
    _official(
        "ml-1m",
        "a million ratings of 3,706 films by 6,040 people",
        "c4d9eecfca2ab87c1945afe126590906",
    ),
    _official(
        "ml-20m",
        "20 million ratings of 26,744 films by 138,493 people",
        "cd245b17a1ae2cc31bb14903e1204af3",
    ),
    _official(
        "ml-25m",
        "25 million ratings of 59,047 films by 162,541 people",
        "6b51fb2759a8657d3bfcbfc42b592ada",
    ),
    _official("ml-latest-small", "100,000 ratings, a development set that changes over time", ""),
)
"""The editions, by name."""
