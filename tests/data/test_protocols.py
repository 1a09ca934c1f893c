"""The benchmark's contract on small tables, worked by hand."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from zhiyin.core.errors import DataError, NotEnoughDataError
from zhiyin.core.histories import Histories
from zhiyin.data.positives import positives
from zhiyin.data.protocols import Split, SplitProtocol, split


def divide(table: dict[str, list] | pl.DataFrame, protocol: str, seed: int = 0) -> Split:
    frame = pl.DataFrame(table, strict=False) if isinstance(table, dict) else table
    return split(positives(frame, source="t"), protocol=SplitProtocol(protocol), seed=seed)


def named(result: Split, part: Histories) -> dict[str, str]:
    """Items per user, joined in order."""
    rows = {}
    for row, user in enumerate(result.users.ids):
        items = part.items[part.indptr[row] : part.indptr[row + 1]]
        rows[user] = "".join(result.items.ids[i] for i in items)
    return rows


def letters(users: str, items: str, **more: list) -> dict[str, list]:
    return {"user_id": list(users), "item_id": list(items), **more}


def test_leave_one_out_golden() -> None:
    table = letters(
        "zzzzayya",
        "abcaxpqy",
        timestamp=[30, 10, 20, 40, 5, 1, 2, 6],
    )
    got = divide(table, "leave-one-out")
    # z in time: b c a a; the second a is a repeat. a and y have two rows: they only train.
    assert got.users.ids == ["a", "y", "z"]
    assert got.items.ids == list("abcpqxy")
    assert named(got, got.train) == {"a": "xy", "y": "pq", "z": "bc"}
    assert named(got, got.tests["metrics"].test) == {"a": "", "y": "", "z": "a"}
    assert got.train.items[got.held_out].tolist() == [got.items.index["c"]]
    assert got.dropped == {"repeated pair": 1}
    assert got.order == "timestamp"
    assert got.as_of == 20_000
    assert got.train.ordered


def test_the_order_falls_to_position_then_rows() -> None:
    table = letters("aaaa", "wxyz", timestamp=[1, None, None, 4], position=[4, 3, 2, 1])
    assert (
        named(divide(table, "leave-one-out"), divide(table, "leave-one-out").train)["a"]
        == "zy" + "x"
    )
    table["position"] = [None, None, 1, 0]
    got = divide(table, "leave-one-out")
    assert (got.order, named(got, got.train)["a"]) == ("row", "wxy")


def test_rows_without_a_time_are_dropped_only_where_order_counts() -> None:
    times: list = list(range(1, 20))
    table = letters("a" * 20, "abcdefghijklmnopqrst", timestamp=[*times, None])
    got = divide(table, "leave-one-out")
    assert got.dropped == {"without a timestamp": 1}
    assert "t" not in got.items.ids
    assert named(got, got.tests["metrics"].test)["a"] == "s"
    kept = divide(table, "random-split")
    assert kept.dropped == {}
    assert len(kept.items) == 20
    # Without a time a row passes for the oldest, never for the newest.
    found = named(kept, kept.train)["a"]
    assert found == "".join(sorted(found, key=lambda x: (x != "t", x)))


def test_ties_in_time_keep_the_order_of_rows() -> None:
    got = divide(letters("aaaa", "dcba", timestamp=[7, 7, 7, 7]), "leave-one-out")
    assert named(got, got.train)["a"] == "dcb"


def test_random_split_golden() -> None:
    table = letters("babababa" + "b", "prqsrtsu" + "t")
    got = divide(table, "random-split", seed=5)
    rng = np.random.default_rng(5)
    a = "rstu"[rng.permutation(4)[0]]
    b = "pqrst"[rng.permutation(5)[0]]
    assert named(got, got.tests["metrics"].test) == {"a": a, "b": b}
    assert got.order == "none"
    assert not got.train.ordered


def test_random_split_keeps_order_but_no_gaps() -> None:
    table = letters("a" * 10, "jihgfedcba", position=list(range(9, -1, -1)))
    got = divide(table, "random-split")
    assert got.train.ordered
    assert got.train.times is None
    found = named(got, got.train)["a"]
    assert found == "".join(sorted(found))


def test_given_split_golden() -> None:
    table = letters(
        "aaaaaabb",
        "xyyzxwxy",
        split=["train", "train", "valid", "test", "test", "test", "test", "train"],
    )
    got = divide(table, "given-split")
    assert named(got, got.train) == {"a": "xyy", "b": "y"}
    assert got.held_out.tolist() == [False, False, True, False]
    assert named(got, got.tests["metrics"].test) == {"a": "zw", "b": "x"}
    assert got.dropped == {"test item the user already has": 1}


def test_given_split_counts_test_items_once() -> None:
    table = letters("aaa", "xyy", split=["train", "test", "test"])
    got = divide(table, "given-split")
    assert got.dropped == {"test item twice": 1}


def test_cold_items_golden() -> None:
    table = letters("a" * 10 + "b" * 10, "abcdefghij" * 2)
    got = divide(table, "cold-items", seed=9)
    cold = set(np.array(list("abcdefghij"))[np.random.default_rng(9).permutation(10)[:2]])
    tests = got.tests
    assert set(tests) == {"metrics", "metrics_cold", "metrics_warm"}
    assert {got.items.ids[i] for i in np.flatnonzero(tests["metrics_cold"].allowed)} == cold
    assert set(named(got, tests["metrics_cold"].test)["a"]) == cold
    warm = named(got, tests["metrics_warm"].test)["a"]
    assert len(warm) == 2
    assert not set(warm) & cold
    assert (tests["metrics_cold"].allowed ^ tests["metrics_warm"].allowed).all()
    assert set(named(got, tests["metrics"].test)["a"]) == cold | set(warm)
    assert not set(named(got, got.train)["b"]) & cold
    assert 0 < got.held_out.sum() < len(got.train.items)


@pytest.mark.parametrize("protocol", ["leave-one-out", "random-split", "cold-items", "given-split"])
def test_the_order_of_users_in_the_file_does_not_matter(protocol: str) -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "user_id": [f"u{u}" for u in rng.integers(0, 9, 300)],
            "item_id": [f"i{i}" for i in rng.integers(0, 40, 300)],
            "split": rng.choice(["train", "valid", "test"], 300),
        }
    )
    moved = frame.sort("user_id", maintain_order=True, descending=True)
    one, other = divide(frame, protocol), divide(moved, protocol)
    assert (one.train.items == other.train.items).all()
    assert (one.held_out == other.held_out).all()
    for name, part in one.tests.items():
        assert (part.test.items == other.tests[name].test.items).all()


def test_impressions_without_feedback_are_no_positives() -> None:
    table = letters(
        "aaaaaa",
        "uvwxyz",
        event=["impression", "impression", "click", "click", None, "impression"],
        value=[0.0, 1.0, 0.0, 1.0, 0.0, None],
    )
    got = divide(table, "leave-one-out")
    assert got.items.ids == list("vwxyz")
    assert got.dropped == {"impression without feedback": 1}


def test_rows_without_an_id_are_counted() -> None:
    table = {"user_id": ["a", "a", "a", None, ""], "item_id": ["x", "y", "z", "x", "y"]}
    assert divide(table, "leave-one-out").dropped == {"without an id": 2}


@pytest.mark.parametrize(
    "times",
    [
        [1, 2, 3],
        [1.0, 2.0, 3.0],
        [1_600_000_000_000, 1_600_000_000_001, 1_600_000_000_002],
        ["2020-01-01T00:00:00", "2020-01-01T00:00:01", "2020-01-01T00:00:02"],
        [datetime(2020, 1, d) for d in (1, 2, 3)],
    ],
)
def test_times_of_every_kind(times: list) -> None:
    got = divide(letters("aaa", "xyz", timestamp=times), "leave-one-out")
    assert got.order == "timestamp"
    assert got.as_of >= 2000


def test_seconds_become_milliseconds() -> None:
    got = divide(
        letters("aaa", "xyz", timestamp=[978300760, 978300761, 978300762]), "leave-one-out"
    )
    assert got.as_of == 978300761000


def test_numbers_are_ids_too() -> None:
    got = divide({"user_id": [1, 1, 1], "item_id": [10, 9, 8]}, "leave-one-out")
    assert got.items.ids == ["10", "8", "9"]


@pytest.mark.parametrize(
    ("table", "protocol", "kind", "message"),
    [
        ({"user": ["a"], "item_id": ["x"]}, "random-split", DataError, "no column user_id"),
        (letters("aaa", "xyz"), "given-split", DataError, "no column split"),
        (letters("a", "x", split=[None]), "given-split", DataError, "no column split"),
        (letters("aa", "xy", split=["train", "dev"]), "given-split", DataError, "dev"),
        (
            letters("aa", "xy", split=["test", "test"]),
            "given-split",
            NotEnoughDataError,
            "training",
        ),
        (letters("aa", "xy", split=["train", "valid"]), "given-split", NotEnoughDataError, "test"),
        (letters("aabb", "xyxy"), "leave-one-out", NotEnoughDataError, "no test item"),
        (letters("aaa", "xxx"), "leave-one-out", NotEnoughDataError, "no test item"),
        (letters("", ""), "random-split", NotEnoughDataError, "no interaction"),
        (
            letters("aaa", "xyz", timestamp=["a", "b", "c"]),
            "leave-one-out",
            DataError,
            "not a time",
        ),
    ],
)
def test_bad_input_is_explained(table, protocol: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        divide(table, protocol)
