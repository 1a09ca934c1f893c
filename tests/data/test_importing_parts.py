"""The small parts of the import: names, words, lists, JSON, ids, identity."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.core.errors import DataError
from zhiyin.core.keys import id_key
from zhiyin.data.identity import EventIdentity, event_keys, occurrence
from zhiyin.data.importing.attributes import as_list, json_objects, separator_of
from zhiyin.data.importing.event_types import event_types
from zhiyin.data.importing.ids import IdEncoder, as_ids
from zhiyin.data.importing.names import (
    EVENT_ROLES,
    ITEM_ROLES,
    USER_ROLES,
    normalised,
    recognise,
    settled,
)


def pairs(words: dict[str, str]) -> list[tuple[str, str]]:
    return [(column, role) for role, columns in words.items() for column in columns.split()]


@pytest.mark.parametrize(
    ("column", "role"),
    pairs(
        {
            "user": "user userId USER_ID uid visitorid reviewerID 用户 用户ID \uff55ser\uff3fid",
            "item": "item sku movieId asin parent_asin ISBN 商品ID 物品",
            "type": "event behavior behavior_type action FeedbackType 行为",
            "timestamp": "time ts unixReviewTime created_at 时间戳 时间",
            "value": "rating score overall 评分",
            "text": "review reviewText 评论",
            "query": "query search 关键词",
        }
    ),
)
def test_names_of_event_columns(column: str, role: str) -> None:
    assert recognise([column], EVENT_ROLES, given={}) == {role: column}


@pytest.mark.parametrize(
    ("column", "role"),
    pairs(
        {
            "id": "id 商品编号",
            "title": "标题 movie_title:token_seq",
            "text": "描述 description",
            "categories": "类别 genres category",
            "price": "价格",
            "brand": "品牌",
            "hidden": "IsHidden",
        }
    ),
)
def test_names_of_item_columns(column: str, role: str) -> None:
    assert recognise([column], ITEM_ROLES, given={}) == {role: column}


def test_preferred_names_win_and_no_column_serves_two() -> None:
    found = recognise(
        ["time", "type", "uid", "user_id", "timestamp", "event"], EVENT_ROLES, given={}
    )
    assert found == {"user": "user_id", "type": "event", "timestamp": "timestamp"}
    taken = recognise(["user_id", "uid"], EVENT_ROLES, given={"user": "uid"})
    assert taken == {"user": "uid"}
    assert recognise(["user_id", "id"], USER_ROLES, given={}) == {"id": "user_id"}


def test_no_name_stands_for_two_roles() -> None:
    """A name that two roles claim would go to whichever is asked first."""
    for roles in (EVENT_ROLES, ITEM_ROLES, USER_ROLES):
        names = [name for words in roles.values() for name in words.split()]
        assert all(name == normalised(name) for name in names)
        assert len(set(names)) == len(names)


def test_missing_columns_are_named() -> None:
    with pytest.raises(
        DataError, match=r"log\.csv: no column was recognised as the user"
    ) as caught:
        recognise(["a", "b"], EVENT_ROLES, given={}, required=["user"], where="log.csv")
    assert "--columns user=NAME" in caught.value.hint


def test_settled_columns_per_table() -> None:
    columns = {"user": "u", "item_id": "i", "events.user": "e", "items.title": "t", "event": "what"}
    assert settled(columns, "events") == {"user": "e", "item": "i", "type": "what"}
    assert settled(columns, "items") == {"user": "u", "id": "i", "title": "t", "type": "what"}
    assert settled(columns, "users")["id"] == "u"


def test_words_for_events() -> None:
    words = [
        "浏览",
        "购买",
        "收藏",
        "PV",
        "Add To Cart",
        "transaction",
        "thumbs_down",
        "新玩法",
        "buy",
    ]
    assert list(event_types(words, {"buy": "order"}).values()) == [
        "view", "purchase", "favourite", "view", "cart", "purchase", "dislike", "新玩法", "order",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a|b", "c", None, ""], [["a", "b"], ["c"], None, None]),
        (["a, b", "c"], [["a", "b"], ["c"]]),
        (["['x', 'y z']", '["q, r"]', "[]"], [["x", "y z"], ["q, r"], None]),
        (["图书、小说", "家居"], [["图书", "小说"], ["家居"]]),
        (["A > B", "C"], [["A", "B"], ["C"]]),
    ],
)
def test_lists_in_text(values: list[str | None], expected: list[list[str] | None]) -> None:
    column = pl.Series(values)
    assert as_list(column, separator_of(column)).to_list() == expected


json_value = st.none() | st.text(max_size=5) | st.integers(-(2**53), 2**53) | st.booleans()


@given(
    st.lists(
        st.fixed_dictionaries({'a"中': st.text() | st.none(), "b": st.integers(-9, 9) | st.none()})
    )
)
def test_json_objects_hold_what_is_not_null(rows: list[dict[str, Any]]) -> None:
    frame = pl.DataFrame(rows, schema={'a"中': pl.String, "b": pl.Int64})
    found = json_objects({name: frame[name] for name in frame.columns})
    for text, row in zip(found, rows, strict=True):
        kept = {name: value for name, value in row.items() if value is not None}
        assert (json.loads(text) if text is not None else {}) == kept


def test_json_objects_extend_others() -> None:
    base = pl.Series(['{"x":1}', "{}", None])
    more = pl.Series([1.5, None, None])
    assert json_objects({"m": more}, base=base).to_list() == ['{"x":1,"m":1.5}', None, None]


def test_ids() -> None:
    assert as_ids(pl.Series([1.0, 2.0])).to_list() == ["1", "2"]
    assert as_ids(pl.Series([1.0, 2.5, None])).to_list() == ["1.0", "2.5", None]
    assert as_ids(pl.Series(["007", "7.0"])).to_list() == ["007", "7.0"]
    encoder = IdEncoder(["", "NULL"])
    keys, missing = encoder.encode(pl.Series(["007", " 007 ", "NULL", None, "x"]))
    assert missing.tolist() == [False, False, True, True, False]
    assert keys[[0, 1, 4]].tolist() == [id_key("007"), id_key("007"), id_key("x")]
    again, _ = encoder.encode(pl.Series(["x", "y"]))
    assert again.tolist() == [id_key("x"), id_key("y")]
    assert encoder.fresh(pl.Series([id_key("007"), id_key("y")]))["id"].to_list() == ["007", "y"]
    assert encoder.fresh(pl.Series([id_key("007"), id_key("x")]))["id"].to_list() == ["x"]


@given(st.lists(st.integers(0, 4), max_size=40))
def test_occurrence_counts_what_came_before(values: list[int]) -> None:
    keys = np.asarray(values, dtype=np.int64)
    assert occurrence(keys).tolist() == [values[:i].count(v) for i, v in enumerate(values)]


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 2), st.none() | st.integers(0, 2), st.sampled_from("ab")),
        max_size=30,
    ),
    cut=st.integers(0, 30),
)
def test_identity_does_not_depend_on_the_cut(
    rows: list[tuple[int, int | None, str]], cut: int
) -> None:
    """A file read in two frames gives the keys of the file read in one, and no two alike."""
    schema = {"user_key": pl.Int64, "item_key": pl.Int64, "type": pl.String}
    frame = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        timestamp=pl.lit(None, pl.Int64)
    )
    whole = event_keys(frame)
    identity = EventIdentity()
    parts = [
        identity.keys(part.with_columns(pl.col("type").cast(pl.Categorical)))
        for part in (frame[:cut], frame[cut:])
    ]
    assert np.concatenate(parts).tolist() == whole.tolist()
    assert len(set(whole.tolist())) == len(rows)
