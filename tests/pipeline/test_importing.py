"""From files into the store: what is recognised, kept, counted, and stored once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.pipeline.conftest import START, SteppingClock

from zhiyin.core.errors import DataError, RejectedRowsError
from zhiyin.core.keys import id_key
from zhiyin.data.importing import ImportOptions, TableReport
from zhiyin.data.simulated import ShopConfig, simulate_shop
from zhiyin.pipeline.workspace import Workspace

Make = Callable[..., Workspace]
SMALL = ShopConfig(users=20, items=30, start=START)


@pytest.fixture
def empty(make_workspace: Make) -> Workspace:
    """A workspace in which nothing is stored."""
    return make_workspace()


def stored(workspace: Workspace) -> pl.DataFrame:
    """All events, with ids for keys."""
    batches = list(workspace.stores.events.scan())
    events = pl.concat(batches) if batches else pl.DataFrame()
    for kind in ("user", "item"):
        ids = workspace.stores.entities.scan(kind, columns=["key", "id"])  # type: ignore[arg-type]
        renamed = ids.rename({"key": f"{kind}_key", "id": kind})
        events = events.join(renamed, on=f"{kind}_key", how="left", maintain_order="left")
    return events


def item(workspace: Workspace, item_id: str) -> dict[str, Any]:
    return dict(workspace.stores.entities.get("item", [item_id])[item_id])


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# the example of the issue


def test_two_tiny_tables_work_as_they_are(empty: Workspace, tmp_path: Path) -> None:
    users = write(tmp_path / "users.csv", "user_id,behavior\n1,浏览\n2,购买\n3,收藏\n1,购买\n")
    items = write(tmp_path / "items.csv", "item_id,category\n1,图书\n2,电子设备\n3,家居用品\n")
    reports = empty.import_files(users=users, items=items)
    assert {name: (r.accepted, r.rejected, r.duplicates) for name, r in reports.items()} == {
        "items": (3, 0, 0),
        "users": (3, 0, 0),
        "events": (4, 0, 0),
    }
    assert reports["events"].event_types == {
        "浏览": "view",
        "购买": "purchase",
        "收藏": "favourite",
    }
    assert reports["events"].columns == {"user": "user_id", "type": "behavior"}
    events = stored(empty)
    assert events.select("user", "item", "type").rows() == [
        ("1", None, "view"),
        ("2", None, "purchase"),
        ("3", None, "favourite"),
        ("1", None, "purchase"),
    ]
    assert item(empty, "2") == {"categories": ["电子设备"]}
    again = empty.import_files(users=users, items=items)
    assert all(r.accepted == 0 and r.rejected == 0 for r in again.values())
    assert again["events"].duplicates == 4
    empty.train()
    assert set(empty.recommend("1", n=10).item_ids) == {"1", "2", "3"}


# what is kept


def test_nothing_of_an_event_is_lost(empty: Workspace, tmp_path: Path) -> None:
    path = write(
        tmp_path / "log.csv",
        "用户ID,商品ID,行为,时间戳,评分,评论,搜索词,渠道,设备,城市,coupon\n"
        "007,0042,加购,1700000000,4.5,很好,,首页,手机,北京,12\n"
        "007,,搜索,1700000001,,,登山鞋,搜索,,,\n",
    )
    report = empty.import_events(path)
    assert (report.accepted, report.rejected) == (2, 0)
    first, second = stored(empty).to_dicts()
    assert (first["user"], first["item"], first["type"]) == ("007", "0042", "cart")
    assert (first["timestamp"], first["value"], first["text"]) == (1_700_000_000_000, 4.5, "很好")
    assert json.loads(first["context"]) == {
        "surface": "首页",
        "device": "手机",
        "城市": "北京",
        "coupon": 12,
    }
    assert (second["item"], second["query"], second["text"]) == (None, "登山鞋", None)
    assert json.loads(second["context"]) == {"surface": "搜索"}
    assert second["item_key"] is None


def test_nothing_of_an_item_is_lost(empty: Workspace, tmp_path: Path) -> None:
    path = write(
        tmp_path / "items.csv",
        "sku,名称,描述,标签,价格,zip,year,empty\n"
        '007,1984,"Orwell, novel",小说|经典,45.5,01234,1949,\n'
        "008,,,小说,12,99999,2001,\n",
    )
    empty.import_items(path)
    assert item(empty, "007") == {
        "title": "1984",
        "text": "Orwell, novel",
        "categories": ["小说", "经典"],
        "price": 45.5,
        "zip": "01234",
        "year": 1949,
    }
    assert item(empty, "008") == {"categories": ["小说"], "price": 12, "zip": "99999", "year": 2001}


def test_parquet_keeps_types_and_ids_are_text(empty: Workspace, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "item_id": pl.Series([1.0, 2.0, None]),
            "title": ["a", "b", "c"],
            "categories": [["x", "y"], [], None],
            "flag": [True, None, False],
            "nested": [{"k": 1}, None, {"k": 2}],
            "score": [1.5, float("nan"), None],
        }
    )
    frame.write_parquet(tmp_path / "items.parquet")
    report = empty.import_items(tmp_path / "items.parquet")
    assert report.reasons == {"the id is missing": 1}
    assert item(empty, "1") == {
        "title": "a",
        "categories": ["x", "y"],
        "flag": True,
        "nested": {"k": 1},
        "score": 1.5,
    }
    assert item(empty, "2") == {"title": "b", "categories": []}


def test_ties_are_kept(empty: Workspace, tmp_path: Path) -> None:
    path = write(
        tmp_path / "ties.csv", "follower,followee,type,since\na,b,friend,2024\na,,x,\nb,a,,\n"
    )
    report = empty.import_files(edges=path)["edges"]
    assert (report.accepted, report.rejected) == (2, 1)
    assert empty.stores.edges is not None
    kinds = {
        (r["source_key"], r["target_key"]): r["kind"] for r in empty.stores.edges.edges().to_dicts()
    }
    assert kinds == {(id_key("a"), id_key("b")): "friend", (id_key("b"), id_key("a")): "follows"}
    assert empty.stores.entities.scan("user")["id"].sort().to_list() == ["a", "b"]
    again = empty.import_files(edges=path)["edges"]
    assert (again.accepted, again.duplicates) == (0, 2)


# importing again


def test_importing_again_changes_nothing(empty: Workspace, tmp_path: Path) -> None:
    shop = simulate_shop(SMALL)
    files = shop.write(tmp_path)
    first = empty.import_files(**files)
    before = stored(empty)
    assert first["events"].accepted == shop.events.height
    assert first["edges"].accepted == shop.edges.height
    again = empty.import_files(**files)
    assert {name: r.accepted for name, r in again.items()} == dict.fromkeys(again, 0)
    assert {n: r.duplicates for n, r in again.items()} == {n: r.accepted for n, r in first.items()}
    assert stored(empty).equals(before)


def test_true_repeats_stay(empty: Workspace, tmp_path: Path) -> None:
    text = "user,item,event,ts\n" + "a,x,view,1700000000\n" * 3
    assert empty.import_events(write(tmp_path / "a.csv", text)).accepted == 3
    longer = write(tmp_path / "b.csv", text + "a,x,view,1700000000\n")
    report = empty.import_events(longer)
    assert (report.accepted, report.duplicates) == (1, 3)


def test_a_given_id_is_the_identity(empty: Workspace, tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        "event_id,user,item,ts\ne1,a,x,1700000000\ne1,a,x,1700000005\n,a,x,1700000009\n",
    )
    report = empty.import_events(path)
    assert (report.accepted, report.duplicates) == (2, 1)
    live = empty.record([{"event_id": "e1", "user_id": "a", "item_id": "x"}])
    assert (live.accepted, live.duplicates) == (0, 1)


def test_newer_attributes_replace_older(empty: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    empty.import_items(write(path, "item_id,title,price\na,old,1\nb,same,2\na,older file row,3\n"))
    assert item(empty, "a") == {"title": "older file row", "price": 3}
    report = empty.import_items(write(path, "item_id,title,price\na,new,1\nb,same,2\nc,more,3\n"))
    assert (report.accepted, report.duplicates) == (2, 1)
    assert item(empty, "a") == {"title": "new", "price": 1}


def test_large_files_go_in_parts(
    empty: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Repeats are counted over the whole file, however it is cut."""
    n = 1000
    frame = pl.DataFrame(
        {
            "user": [f"u{i % 7}" for i in range(n)],
            "item": [f"i{i % 3}" for i in range(n)],
            "ts": [5] * n,
        }
    )
    frame.write_csv(tmp_path / "x.csv")
    frame.write_parquet(tmp_path / "x.parquet")
    monkeypatch.setattr("zhiyin.data.importing.lines.blocks.__kwdefaults__", {"size": 500})
    monkeypatch.setattr(
        "zhiyin.data.importing.gathering.EventGatherer.__init__.__kwdefaults__", {"rows": 64}
    )
    assert empty.import_events(tmp_path / "x.csv").accepted == n
    assert empty.import_events(tmp_path / "x.parquet").duplicates == n
    assert empty.stores.events.count() == n


# reports


def test_every_rejected_row_has_a_reason(
    empty: Workspace, tmp_path: Path, clock: SteppingClock
) -> None:
    path = write(
        tmp_path / "bad.csv",
        "user,item,event,time,rating\n"
        "a,x,view,1700000000,5\n"
        ",x,view,1700000000,5\n"
        "a,x,view,yesterday,5\n"
        "a,x,view,-5,5\n"
        f"a,x,view,{(clock.now // 1000) + 999_999},5\n"
        "a,x,view,1700000000,good\n"
        "a,x\n"
        "a,x,view,1,2,3,4\n"
        "NULL,x,view,1700000000,inf\n",
    )
    report = empty.import_events(path)
    assert (report.accepted, report.rejected) == (1, 8)
    assert report.reasons == {
        "the time is not understood": 1,
        "the time lies before 1970": 1,
        "the time lies in the future": 1,
        "the user is missing": 2,
        "the value is not a number": 1,
        "too few fields": 1,
        "too many fields": 1,
    }
    assert report.quarantine is not None
    rows = [json.loads(line) for line in report.quarantine.read_text(encoding="utf-8").splitlines()]
    assert sorted(row["line"] for row in rows) == [3, 4, 5, 6, 7, 8, 9, 10]
    by_line = {row["line"]: row for row in rows}
    assert by_line[4]["reason"] == "the time is not understood"
    assert by_line[4]["row"] == {
        "user": "a",
        "item": "x",
        "event": "view",
        "time": "yesterday",
        "rating": "5",
    }
    assert by_line[8] == {"line": 8, "reason": "too few fields", "raw": "a,x"}
    assert set(report.as_dict()) >= {"accepted", "rejected", "duplicates", "reasons", "quarantine"}
    assert empty.stores.entities.scan("user")["id"].to_list() == ["a"]


def test_the_quarantine_goes_when_the_file_is_mended(empty: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    bad = empty.import_events(write(path, "user,item\n,x\n"))
    assert bad.quarantine is not None
    assert bad.quarantine.exists()
    assert empty.import_events(write(path, "user,item\na,x\n")).quarantine is None
    assert not bad.quarantine.exists()


def test_strict_stores_nothing(empty: Workspace, tmp_path: Path) -> None:
    items = write(tmp_path / "items.csv", "item_id,title\nx,X\n")
    events = write(tmp_path / "events.csv", "user,item\na,x\n,x\n")
    with pytest.raises(RejectedRowsError, match="the user is missing") as caught:
        empty.import_files(items=items, events=events, options=ImportOptions(strict=True))
    assert "events-events.jsonl" in caught.value.hint
    assert empty.stores.events.count() == 0
    assert empty.stores.entities.scan("item").height == 0
    write(events, "user,item\na,x\n")
    reports = empty.import_files(items=items, events=events, options=ImportOptions(strict=True))
    assert reports["events"].accepted == 1


def test_unknown_items_are_accepted_and_mentioned(empty: Workspace, tmp_path: Path) -> None:
    items = write(tmp_path / "items.csv", "item_id,title\nx,X\n")
    events = write(tmp_path / "events.csv", "user,item\na,x\na,y\nb,y\nb,z\nc,\n")
    report = empty.import_files(items=items, events=events)["events"]
    assert report.accepted == 5
    assert report.notes == {
        "events on items that the catalogue does not have": 3,
        "events without an item, kept as events of the user alone": 1,
    }
    assert item(empty, "y") == {}


# what the caller may settle


def test_columns_types_and_units_can_be_set(empty: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "x.dat", "k1~k9~看过~5000\nk2~k8~没看~6000\n")
    options = ImportOptions(
        delimiter="~",
        header=["who", "what", "how", "when"],
        columns={"user": "who", "events.item": "what", "type": "how", "timestamp": "when"},
        event_types={"看过": "watched"},
        time_unit="us",
    )
    report = empty.import_events(path, options=options)
    assert report.accepted == 2
    assert stored(empty).select("user", "item", "type", "timestamp").rows() == [
        ("k1", "k9", "watched", 5),
        ("k2", "k8", "没看", 6),
    ]


def test_a_mapping_of_users_and_items_holds_for_every_table(
    empty: Workspace, tmp_path: Path
) -> None:
    events = write(tmp_path / "e.csv", "wer,was\na,x\n")
    items = write(tmp_path / "i.csv", "was,titel\nx,X\n")
    users = write(tmp_path / "u.csv", "wer\na\n")
    options = ImportOptions(columns={"user": "wer", "item": "was", "items.title": "titel"})
    reports = empty.import_files(events=events, items=items, users=users, options=options)
    assert [r.accepted for r in reports.values()] == [1, 1, 1]
    assert item(empty, "x") == {"title": "X"}


def test_a_column_that_is_not_there_is_an_error(empty: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "user,item\na,x\n")
    with pytest.raises(DataError, match="no column 'buyer'") as caught:
        empty.import_events(path, options=ImportOptions(columns={"user": "buyer"}))
    assert "user, item" in caught.value.hint


def test_types_without_a_column(empty: Workspace, tmp_path: Path) -> None:
    empty.import_events(write(tmp_path / "a.csv", "user,item,rating\na,x,5\n"))
    empty.import_events(write(tmp_path / "b.csv", "user,item\na,x\n"))
    empty.import_events(write(tmp_path / "c.csv", "user,query\na,boots\n"))
    options = ImportOptions(default_type="click")
    empty.import_events(
        write(tmp_path / "d.csv", "user,item,event\na,x,\na,x,buy\n"), options=options
    )
    assert stored(empty)["type"].to_list() == [
        "rating",
        "interaction",
        "search",
        "click",
        "purchase",
    ]


def test_no_file_is_an_error(empty: Workspace) -> None:
    with pytest.raises(DataError, match="no file was given"):
        empty.import_files()


def test_progress_is_told(empty: Workspace, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    path = write(tmp_path / "x.csv", "user,item\na,x\n")
    empty.import_files(events=path, progress=lambda stage, share: told.append((stage, share)))
    assert told[-1] == ("importing events", 1.0)


def test_a_report_of_a_whole_shop(empty: Workspace, tmp_path: Path) -> None:
    """Golden: what a reader of ``--json`` gets for the simulated shop."""
    files = simulate_shop(SMALL).write(tmp_path)
    reports: dict[str, TableReport] = empty.import_files(**files)
    assert {name: report.as_dict() for name, report in reports.items()} == {
        "items": _report(30, "item_id:id title text categories price brand"),
        "users": _report(20, "user_id:id age city"),
        "edges": _report(40, "source target kind"),
        "events": _report(
            951,
            "user_id:user item_id:item event:type timestamp value text query surface device",
            {"events without an item, kept as events of the user alone": 62},
        ),
    }


def _report(n: int, columns: str, notes: dict[str, int] | None = None) -> dict[str, Any]:
    pairs = [column.partition(":") for column in columns.split()]
    return {
        "accepted": n,
        "rejected": 0,
        "duplicates": 0,
        "reasons": {},
        "quarantine": None,
        "notes": notes or {},
        "columns": {role or column: column for column, _, role in pairs},
        "event_types": {},
        "format": "parquet",
    }


@pytest.mark.parametrize(("encoder", "told"), [("tfidf", True), ("use", False)])
def test_the_report_says_where_texts_are_compared_by_words_alone(
    make_workspace: Callable[..., Workspace], tmp_path: Path, encoder: str, told: bool
) -> None:
    (tmp_path / "items.csv").write_text("item_id,title\na,Tea\nb,Pot\n", encoding="utf-8")
    shop = make_workspace(f'[text]\nencoder = "{encoder}"\n')
    notes = shop.import_items(tmp_path / "items.csv").notes
    assert any("words alone" in note for note in notes) == told
