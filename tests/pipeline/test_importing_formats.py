"""Other people's formats: gorse, RecBole, Metarank, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.pipeline.test_importing import item, stored

from zhiyin.data.importing import ImportOptions
from zhiyin.pipeline.workspace import Workspace

Make = Callable[..., Workspace]


@pytest.fixture
def empty(make_workspace: Make) -> Workspace:
    """A workspace in which nothing is stored."""
    return make_workspace()


def lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def test_gorse(empty: Workspace, tmp_path: Path) -> None:
    users = lines(tmp_path / "users.jsonl", [{"UserId": "7", "Labels": ["a"], "Comment": "x"}])
    items = lines(
        tmp_path / "items.jsonl",
        [
            {
                "ItemId": "007",
                "IsHidden": False,
                "Categories": ["图书"],
                "Timestamp": "2023-01-02T03:04:05Z",
                "Labels": {"topics": ["a", "b"]},
                "Comment": "Moonraker",
            },
            {"ItemId": "8", "IsHidden": True, "Categories": [], "Labels": None, "Comment": ""},
        ],
    )
    feedback = lines(
        tmp_path / "feedback.jsonl",
        [
            {
                "FeedbackType": "like",
                "UserId": "7",
                "ItemId": "007",
                "Value": 1,
                "Timestamp": "2023-11-14T22:13:20Z",
            },
            {
                "FeedbackType": "read",
                "UserId": "7",
                "ItemId": "8",
                "Timestamp": "2023-11-14 22:13:21 +0000 UTC",
            },
        ],
    )
    reports = empty.import_files(users=users, items=items, events=feedback)
    assert {r.format for r in reports.values()} == {"gorse"}
    assert [(r.accepted, r.rejected) for r in reports.values()] == [(2, 0), (1, 0), (2, 0)]
    assert stored(empty).select("user", "item", "type", "value", "timestamp").rows() == [
        ("7", "007", "like", 1.0, 1_700_000_000_000),
        ("7", "8", "view", None, 1_700_000_001_000),
    ]
    assert item(empty, "007") == {
        "title": "Moonraker",
        "categories": ["图书"],
        "hidden": False,
        "Timestamp": "2023-01-02T03:04:05Z",
        "Labels": {"topics": ["a", "b"]},
    }
    assert item(empty, "8")["hidden"] is True


def test_recbole(empty: Workspace, tmp_path: Path) -> None:
    inter, items, users = (tmp_path / f"x.{end}" for end in ("inter", "item", "user"))
    inter.write_text(
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
        "007\t42\t3.5\t1700000000.0\n007\t43\t1\t1700000001\n"
    )
    items.write_text(
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        '42\tToy "Story\t1995\tAnimation Comedy\n43\tHeat\t1995\t\n'
    )
    users.write_text("user_id:token\tage:token\tzip_code:token\n007\t24\t01234\n")
    reports = empty.import_files(events=inter, items=items, users=users)
    assert {r.format for r in reports.values()} == {"recbole"}
    assert item(empty, "42") == {
        "title": 'Toy "Story',
        "release_year": 1995,
        "categories": ["Animation", "Comedy"],
    }
    assert stored(empty).select("type", "value", "timestamp").rows() == [
        ("rating", 3.5, 1_700_000_000_000),
        ("rating", 1.0, 1_700_000_001_000),
    ]
    assert empty.stores.entities.get("user", ["007"]) == {"007": {"age": 24, "zip_code": "01234"}}


def test_metarank(empty: Workspace, tmp_path: Path) -> None:
    log = lines(
        tmp_path / "events.jsonl",
        [
            {
                "event": "item",
                "id": "1",
                "item": "i1",
                "timestamp": "1700000000000",
                "fields": [
                    {"name": "title", "value": "Alien"},
                    {"name": "genres", "value": ["horror", "space"]},
                    {"name": "budget", "value": 11},
                ],
            },
            {
                "event": "user",
                "id": "2",
                "user": "u1",
                "timestamp": "1700000000000",
                "fields": [{"name": "age", "value": 33}],
            },
            {
                "event": "ranking",
                "id": "r1",
                "timestamp": "1700000001000",
                "user": "u1",
                "session": "s1",
                "fields": [],
                "items": [{"id": "i1"}, {"id": "i2"}],
            },
            {
                "event": "interaction",
                "id": "c1",
                "ranking": "r1",
                "timestamp": "1700000002000",
                "user": "u1",
                "session": "s1",
                "type": "click",
                "item": "i1",
                "fields": [],
            },
        ],
    )
    reports = empty.import_files(events=log, items=log, users=log)
    assert {name: (r.accepted, r.format) for name, r in reports.items()} == {
        "items": (1, "metarank"),
        "users": (1, "metarank"),
        "events": (3, "metarank"),
    }
    assert item(empty, "i1") == {"title": "Alien", "categories": ["horror", "space"], "budget": 11}
    events = stored(empty)
    assert events.select("item", "type", "value", "timestamp").rows() == [
        ("i1", "impression", 0.0, 1_700_000_001_000),
        ("i2", "impression", 0.0, 1_700_000_001_000),
        ("i1", "click", None, 1_700_000_002_000),
    ]
    contexts = [json.loads(text) for text in events["context"]]
    assert contexts[1] == {"session": "s1", "ranking": "r1", "place_in_ranking": 1}
    assert contexts[2]["ranking"] == "r1"
    again = empty.import_files(events=log)
    assert (again["events"].accepted, again["events"].duplicates) == (0, 3)


def test_json_lines_with_broken_lines(empty: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(
        '{"user":7,"item":"007","ts":1700000000}\n'
        '{"user":"8","item":\n'
        "\n"
        "[1,2]\n"
        '{"user":12345678901234567890,"item":1,"ts":1700000001,"context":{"page":3},"tags":["a"]}\n'
        "nonsense\n"
    )
    report = empty.import_events(path)
    assert report.reasons == {"not a JSON object": 1, "not valid JSON": 2}
    events = stored(empty)
    assert events.select("user", "item").rows() == [("7", "007"), ("12345678901234567890", "1")]
    assert json.loads(events["context"][1]) == {"page": 3, "tags": ["a"]}
    assert report.quarantine is not None
    found = [json.loads(line) for line in report.quarantine.read_text().splitlines()]
    assert [row["line"] for row in found] == [2, 4, 6]


def test_json_lines_whose_fields_come_and_go(
    empty: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhiyin.data.importing.lines.blocks.__kwdefaults__", {"size": 60})
    rows = [
        {"user": f"u{i}", "item": f"i{i}"} | ({"rating": i, "note": "x"} if i > 40 else {})
        for i in range(80)
    ]
    report = empty.import_events(lines(tmp_path / "x.jsonl", rows))
    assert report.accepted == 80
    events = stored(empty)
    assert events["value"].to_list() == [None] * 41 + [float(i) for i in range(41, 80)]
    assert events["context"].null_count() == 41


def test_a_json_array(empty: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "items.json"
    path.write_text(
        json.dumps([{"id": "a", "name": "A", "price": 1.5}, "no", {"id": 5, "price": "?"}])
    )
    report = empty.import_items(path)
    assert (report.accepted, report.reasons) == (2, {"not a JSON object": 1})
    assert item(empty, "a")["title"] == "A"
    assert item(empty, "5") == {"price": "?"}


def test_pandas_index_is_left_out(empty: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(",user,item\n0,a,x\n1,a,y\n")
    empty.import_events(path)
    assert stored(empty)["context"].null_count() == 2


def test_the_same_rows_in_every_format(make_workspace: Make, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "user_id": ["007", "8", "8"],
            "item_id": ["a", "b", None],
            "event": ["buy", "浏览", "view"],
            "timestamp": [1_700_000_000, 1_700_000_001, None],
            "rating": [1.5, None, 2.0],
        }
    )
    frame.write_csv(tmp_path / "x.csv")
    frame.write_csv(tmp_path / "x.tsv", separator="\t")
    frame.write_parquet(tmp_path / "x.parquet")
    frame.write_ndjson(tmp_path / "x.jsonl")
    (tmp_path / "gb.csv").write_bytes((tmp_path / "x.csv").read_bytes().decode().encode("gb18030"))
    found = []
    for name in ("x.csv", "x.tsv", "x.parquet", "x.jsonl", "gb.csv"):
        workspace = make_workspace(folder=f"ws-{name}")
        assert workspace.import_events(tmp_path / name).accepted == 3
        found.append(stored(workspace).with_columns(pl.col("type").cast(pl.String)))
    assert all(frame.equals(found[0]) for frame in found)


def test_skipped_columns(empty: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("user,item,secret\na,x,1\n")
    empty.import_events(path, options=ImportOptions(skip_columns=["secret"]))
    assert stored(empty)["context"].to_list() == [None]
