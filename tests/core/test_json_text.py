"""What is kept as JSON can be read again by everybody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.core.json_text import DEEPEST, json_text

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(blacklist_categories=()))
    | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.dictionaries(st.text(st.characters(blacklist_categories=())), ANYTHING, max_size=4))
def test_what_is_written_is_read_again_and_the_rest_is_named(fields: dict[str, Any]) -> None:
    text, problem = "", ""
    try:
        text = json_text(fields)
    except ValueError as error:
        problem = str(error)
    if problem:
        assert b": " in problem.encode()
    else:
        assert json.loads(text.encode()) == fields


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (2**63, "64 bits"),
        (-(2**63) - 1, "64 bits"),
        (float("nan"), "finite"),
        (float("-inf"), "finite"),
        ("\ud800", "half a character"),
        ({"\udfff": 1}, "half a character"),
        ({1: 2}, "no text"),
        ([{"a": [b"x"]}], "bytes"),
        ({"a": {1, 2}}, "set"),
    ],
)
def test_what_nobody_could_read_is_refused(value: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        json_text({"field": value})


def test_depth_has_an_end() -> None:
    value: Any = 1
    for _ in range(DEEPEST):
        value = [value]
    assert json_text({"a": value})
    with pytest.raises(ValueError, match="within one another"):
        json_text({"a": [value]})
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="within one another"):
        json_text({"a": value})
