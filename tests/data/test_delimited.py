"""Reading delimited text: what is written comes back, and nothing brings the reader down."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from zhiyin.core.errors import DataError
from zhiyin.data.importing import ImportOptions, Table, lines
from zhiyin.data.importing.delimited import distinct_names, read_delimited
from zhiyin.data.importing.ragged import TOO_FEW, TOO_MANY, UNCLOSED, UNREADABLE
from zhiyin.data.importing.reading import open_source
from zhiyin.data.importing.sniffing import Recognised

SAME_FOLDER = settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CSV = Recognised("delimited", "utf-8", ",")

field = st.text(
    st.sampled_from("ab中,;\"'\n \t|é😀0") | st.characters(blacklist_categories=["Cs", "Cc"]),
    max_size=8,
)


def written(rows: list[list[str]], *, delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def read(path: Path, found: Recognised = CSV) -> tuple[list[tuple[str | None, ...]], list[int]]:
    rows: list[tuple[str | None, ...]] = []
    numbers: list[int] = []
    for batch in read_delimited(path, found, header=None):
        rows += batch.rows.rows()
        numbers += batch.lines.to_list()
    return rows, numbers


def frame_of(path: Path, table: Table) -> pl.DataFrame:
    return pl.concat(b.rows for b in open_source(path, table, ImportOptions()).batches)


def broken(path: Path, found: Recognised = CSV) -> list[tuple[int, str, str]]:
    return [row for b in read_delimited(path, found, header=None) for row in b.broken.rows()]


@SAME_FOLDER
@given(
    rows=st.lists(st.tuples(field, field, field), max_size=30),
    delimiter=st.sampled_from([",", "\t", ";", "|"]),
    block=st.sampled_from([1, 7, 64, 1 << 20]),
)
@example(rows=[("a", 'x"\ny,"', ""), ("\n", "", '"')], delimiter=",", block=3)
def test_what_is_written_comes_back(
    tmp_path: Path, rows: list[tuple[str, str, str]], delimiter: str, block: int
) -> None:
    """Quotes, delimiters and line ends within fields, across blocks of any size."""
    path = tmp_path / "x.csv"
    path.write_bytes(written([["a", "b", "c"], *map(list, rows)], delimiter=delimiter))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines.blocks, "__kwdefaults__", {"size": block})
        found, _ = read(path, Recognised("delimited", "utf-8", delimiter))
    expected = [tuple(v or None for v in row) for row in rows if any(row)]
    assert [row for row in found if any(row)] == expected


@SAME_FOLDER
@given(
    head=st.sampled_from(
        [
            b"",
            b"a,b\n",
            b"PAR1",
            b"\x1f\x8b\x08",
            b'{"a":1}\n{',
            b"[{",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
        ]
    ),
    data=st.binary(max_size=400),
    name=st.sampled_from(["x.csv", "x.jsonl", "x.parquet"]),
)
def test_any_bytes_are_read_or_refused(tmp_path: Path, head: bytes, data: bytes, name: str) -> None:
    """Whatever a file holds: rows, broken lines, or one of our errors."""
    path = tmp_path / name
    path.write_bytes(head + data)
    try:
        batches = list(open_source(path, "events", ImportOptions()).batches)
    except DataError:
        return
    assert all(batch.rows.height == len(batch.lines) for batch in batches)


@SAME_FOLDER
@given(
    cells=st.lists(st.sampled_from(["a", '"', ",", "\n", 'x"y', '"q"', "中", " "]), max_size=60),
    block=st.sampled_from([2, 16, 1 << 20]),
)
def test_every_line_is_a_row_or_broken(tmp_path: Path, cells: list[str], block: int) -> None:
    """Nothing vanishes: each line that is not blank is in a row or among the broken."""
    path = tmp_path / "x.csv"
    path.write_text("h1,h2\n" + "".join(cells), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines.blocks, "__kwdefaults__", {"size": block})
        batches = list(read_delimited(path, CSV, header=None))
    rows = [row for b in batches for row in zip(b.lines, b.rows.iter_rows(), strict=True)]
    bad = {line for b in batches for line in b.broken["line"]}
    covered = set(bad)
    for line, fields in rows:
        covered |= set(range(line, line + 1 + sum((f or "").count("\n") for f in fields)))
    text = path.read_text(encoding="utf-8").split("\n")
    expected = {i + 1 for i, line in enumerate(text) if i and line.strip()}
    assert expected <= covered
    assert len({line for line, _ in rows} | bad) == len(rows) + len(bad)


def test_lines_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b'a,b\r\n1,"two\nlines"\r\n\r\n3,x\r\n4\r\n5,"5" x\n6,7')
    rows, numbers = read(path)
    assert rows == [("1", "two\nlines"), ("3", "x"), ("5", "5 x"), ("6", "7")]
    assert numbers == [2, 5, 7, 8]
    assert broken(path) == [(6, TOO_FEW, "4")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1", TOO_FEW),
        ("1,2,3", TOO_MANY),
        ('1,"open', UNCLOSED),
        ('"a,b', UNCLOSED),
    ],
)
def test_broken_lines_say_why(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"a,b\n0,0\n{line}\n9,9\n")
    assert broken(path) == [(3, reason, line)]
    assert read(path)[0] == [("0", "0"), ("9", "9")]


@pytest.mark.parametrize("text", ['5" screen', 'a "b" c', "it's", '"quoted" and more'])
def test_stray_quotes_are_text(tmp_path: Path, text: str) -> None:
    """People write inches; a quote that opens no field is a character."""
    path = tmp_path / "x.csv"
    path.write_text(f"a,b\n0,{text}\n9,9\n")
    (first, second) = read(path)[0]
    assert first[0] == "0"
    assert text.replace('"', "") == (first[1] or "").replace('"', "")
    assert second == ("9", "9")


def test_mixed_encodings_are_rejected_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(
        "a,b\n1,浏览\n2,购买\n".encode() + "3,收藏\n".encode("gb18030") + "4,好\n".encode()
    )
    batches = list(open_source(path, "events", ImportOptions()).batches)
    assert pl.concat(b.rows for b in batches)["b"].to_list() == ["浏览", "购买", "好"]
    found = pl.concat(b.broken for b in batches)
    assert found.select("line", "reason").rows() == [(4, UNREADABLE)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "::"])
def test_encoding_and_delimiter_are_recognised(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    rows = [
        ["用户", "行为", "时间"],
        ["张三", "浏览", "1"],
        ["李四", "购买", "2"],
        ["王五", "收藏", "3"],
    ]
    path = tmp_path / "x.txt"
    path.write_bytes("\r\n".join(delimiter.join(row) for row in rows).encode(encoding))
    found = frame_of(path, "events")
    assert found.columns == rows[0]
    assert [list(row) for row in found.rows()] == rows[1:]


def test_latin_1_is_not_taken_for_chinese(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("id,title\n1,Amélie\n2,Les Misérables\n".encode("latin-1"))
    rows = frame_of(path, "items")
    assert rows["title"].to_list() == ["Amélie", "Les Misérables"]


def test_gzip_and_old_mac_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\r1,2\r3,4\r"))
    rows = frame_of(path, "events")
    assert rows.rows() == [("1", "2"), ("3", "4")]


def test_names_of_columns() -> None:
    names, notes = distinct_names(["a", "", "a", "a"])
    assert names == ["a", "column_2", "a_2", "a_3"]
    assert list(notes.values()) == [2]


def test_a_long_file_is_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.csv"
    frame = pl.DataFrame(
        {"a": range(5000), "b": [f'"{i},\n"' if i % 7 == 0 else str(i) for i in range(5000)]}
    )
    frame.write_csv(path)
    monkeypatch.setattr(lines.blocks, "__kwdefaults__", {"size": 1000})
    batches = list(read_delimited(path, CSV, header=None))
    assert len(batches) > 20
    assert pl.concat([b.rows for b in batches])["b"].to_list() == frame["b"].to_list()
    assert batches[-1].share == 1.0
