"""Files that cannot be used: each is refused with a clear error, and nothing stored is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from zhiyin.core.errors import DataError, StoreError
from zhiyin.core.keys import id_key
from zhiyin.data.importing import ImportOptions
from zhiyin.pipeline.exporting import export_entities
from zhiyin.pipeline.workspace import Workspace

Make = Callable[..., Workspace]


@pytest.fixture
def shop(make_workspace: Make, tmp_path: Path) -> Workspace:
    """A workspace with one event and one item in it."""
    workspace = make_workspace()
    (tmp_path / "first.csv").write_text("user,item,ts\na,x,1700000000\n")
    workspace.import_events(tmp_path / "first.csv")
    return workspace


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "empty": ("x.csv", b"", "is empty"),
    "blank": ("x.csv", b" \r\n\n", "is empty"),
    "only a byte-order mark": ("x.csv", b"\xef\xbb\xbf", "is empty"),
    "binary": ("x.csv", bytes(range(256)) * 20, "is a binary file"),
    "an image": ("x.csv", b"\x89PNG\r\n\x1a\n" + bytes(100), "an image"),
    "a spreadsheet": ("x.xlsx", b"PK\x03\x04" + bytes(100), "a spreadsheet"),
    "no column of ours": ("x.csv", b"alpha,beta\n1,2\n", "no column was recognised as the user"),
    "no columns at all": ("x.csv", b"hello\nworld\n", "no column was recognised as the user"),
    "only null columns": ("x.jsonl", b'{"a":null}\n{"a":null}\n', "no column was recognised"),
    "damaged gzip": ("x.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03abc", "damaged gzip"),
    "cut parquet": ("x.parquet", b"PAR1\x15\x04\x15", "damaged Parquet"),
    "broken array": ("x.json", b'[{"user":"a"},', "not valid JSON"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_a_reason(shop: Workspace, tmp_path: Path, case: str) -> None:
    name, data, message = REFUSED[case]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DataError, match=message) as caught:
        shop.import_events(path)
    assert str(path) in caught.value.message
    assert caught.value.hint
    assert shop.stores.events.count() == 1


@pytest.mark.parametrize(
    ("name", "message"), [("absent.csv", "does not exist"), ("", "is a folder")]
)
def test_not_a_file(shop: Workspace, tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        shop.import_events(tmp_path / name)


def test_options_that_do_not_fit(shop: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("user,item\na,x\n")
    with pytest.raises(DataError, match="not a Parquet file"):
        shop.import_events(path, options=ImportOptions(format="parquet"))
    with pytest.raises(DataError, match="no encoding is named 'klingon'"):
        shop.import_events(path, options=ImportOptions(encoding="klingon"))


def test_parquet_damaged_in_the_middle_stores_nothing(shop: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    frame = pl.DataFrame({"user": [f"u{i}" for i in range(50_000)], "item": ["x"] * 50_000})
    frame.write_parquet(path, row_group_size=5_000, compression="zstd")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match="damaged Parquet"):
        shop.import_events(path)
    assert shop.stores.events.count() == 1


def test_duplicate_columns_use_the_first(shop: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("user,item,user,item,ts\nb,y,c,z,1700000000\n")
    report = shop.import_events(path)
    assert report.accepted == 1
    assert "column 'user' appears again; the first is used" in report.notes
    assert [e.item_key for e in shop.stores.events.history(id_key("b"), limit=5)] == [id_key("y")]
    (context,) = list(shop.stores.events.scan(columns=["context"]))
    assert context["context"].to_list()[-1] == '{"user_2":"c","item_2":"z"}'


def test_columns_that_hold_nothing(shop: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("user,item,event,ts,rating,note\nb,y,,,,\nc,,,,,\n")
    report = shop.import_events(path)
    assert (report.accepted, report.rejected) == (2, 0)
    events = pl.concat(list(shop.stores.events.scan())).tail(2)
    assert events["timestamp"].null_count() == 2
    assert events["value"].null_count() == 2
    assert events["context"].null_count() == 2


def test_a_file_whose_user_column_is_empty(shop: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame({"user": [None, None], "item": ["x", "y"]}).write_parquet(path)
    report = shop.import_events(path)
    assert (report.accepted, report.reasons) == (0, {"the user is missing": 2})


def test_a_header_and_nothing_else(shop: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("user,item,ts\n")
    report = shop.import_events(path)
    assert (report.accepted, report.rejected, report.duplicates) == (0, 0, 0)


def test_a_full_disk_loses_nothing(
    shop: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store's own suite fills a real disk; here: what an import does with its error."""
    path = tmp_path / "x.csv"
    path.write_text("user,item,ts\n" + "".join(f"u{i},x,1700000000\n" for i in range(100)))

    def full(*_: object) -> None:
        raise StoreError("no room left")

    with monkeypatch.context() as patch:
        patch.setattr(type(shop.stores.events), "append", full)
        with pytest.raises(StoreError, match="no room left"):
            shop.import_events(path)
    assert shop.stores.events.count() == 1
    assert shop.import_events(path).accepted == 100


@pytest.mark.parametrize("name", ["x.jsonl", "x.json"])
@pytest.mark.parametrize("deep", ["[" * 300 + "]" * 300, '{"a":' * 40 + "1" + "}" * 40])
def test_rows_that_nobody_could_read_again_are_rejected(
    shop: Workspace, tmp_path: Path, name: str, deep: str
) -> None:
    rows = [f'{{"item_id": "deep", "x": {deep}}}', '{"item_id": "fine", "x": [[1], [2]]}']
    text = f"[{','.join(rows)}]" if name == "x.json" else "\n".join(rows)
    (tmp_path / name).write_text(text)
    report = shop.import_items(tmp_path / name)
    assert (report.accepted, report.rejected) == (1, 1)
    assert "within one another" in next(iter(report.reasons))
    lines = b"".join(export_entities(shop.stores, "item"))
    assert b"fine" in lines
    assert b"deep" not in lines


def test_an_array_without_end_is_told(shop: Workspace, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('[{"item_id": "a", "x": ' + "[" * 100_000)
    with pytest.raises(DataError, match="not valid JSON"):
        shop.import_items(tmp_path / "x.json")
