"""Whatever the input: one kind of error, or something that evaluates; and never for long."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zhiyin.core.errors import DataError, ExpressionError, ZhiyinError
from zhiyin.policy.expressions import (
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_NODES,
    Facts,
    Filter,
    parse_boost,
    parse_filter,
)

WORDS = [
    *"and or not in contains is null true false now item user context".split(),
    *"AND item. user. price tags created if( min( max( abs( log1p( age_days( f(".split(),
    *"= != < <= > >= + - * / ( ) [ ] , . == && ` \" ' \\ \\u \\ud800 `` `a b` 'x' \"y\"".split(),
    *"1 0 2.5 1e308 1e999 .5 30d 1.5h 9x 2024-01-31 2024-13-01 2024-01-31T10:00Z 价格 （".split(),
]
ANYTHING = st.text(st.characters(codec=None, categories=None)) | st.text(
    st.sampled_from("ab1.-+*/()[]<>=!`'\"\\ \n\t,dnTZ:\ud800价\U0001d7d8²\0")
)
SOUP = st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join)
GLUED = st.lists(st.sampled_from(WORDS), max_size=12).map("".join)
ITEMS = {
    "price": pl.Series([1.0, None, float("nan"), float("inf")]),
    "tags": pl.Series([["x"], [], None, [None]], dtype=pl.List(pl.String)),
    "created": pl.Series(["2024-01-01", "x", None, "9999-12-31T23:59:59.999999-23:59"]),
    "a b": np.array([1, "x", None, [2]], dtype=object),
}


def facts() -> Facts:
    return Facts(4, now=2**50, items=ITEMS, user={"price": 10**400}, context={"price": {"a": 1}})


def refused(parse: Callable[[str], object], text: str) -> ExpressionError | None:
    """The error about a text, None where it parses."""
    try:
        parse(text)
    except ExpressionError as error:
        return error
    return None


def survives(text: str) -> None:
    """Parses and evaluates a text, or refuses it."""
    for parse in (parse_filter, parse_boost):
        if error := refused(parse, text):
            assert 0 <= error.position <= len(text)
            assert all(len(line) < 200 for line in str(error).split("\n"))
            continue
        found = parse(text)
        assert parse(str(found)) == found
        if isinstance(found, Filter):
            truth = found.truth(facts())
            assert truth.yes.shape == truth.no.shape == (4,)
            assert not (truth.yes & truth.no).any()
        else:
            assert np.isfinite(found.factors(facts())).all()
            assert np.isfinite(found.amounts(facts())).all()


@settings(max_examples=500)
@given(st.one_of(ANYTHING, SOUP, GLUED))
@example("")
@example("\ufeff1")
@example("a\u00a0= 1")
@example("\u212a = 1")
@example("²")
def test_any_text_is_read_or_refused(text: str) -> None:
    survives(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1_000_000,
        "(" * 5_000 + "1" + ")" * 4_000,
        "not " * 2_400 + "a",
        "-" * 9_999,
        "- " * 4_000 + "1",
        "if(" * 3_000,
        "min(1," * 1_500,
        "[" * 9_999,
        "a in " * 1_900 + "b",
        "1" * 9_999,
        "0." + "0" * 9_000 + "1d",
        "1e" + "9" * 9_000,
        "1" * 400 + "d",
        "`" * 9_999,
        '"' + "\\" * 9_000,
        '"' * 9_999,
        "x" * 1_000_000,
        "价" * 1_000_000,
        "\ud800" * 1_000,
        "f" * 9_000 + "(1)",
        "1" + " + 1" * 2_000,
        "1" + "+1" * (MAX_DEPTH + 1),
        "2024-01-01" * 900,
        "a = 1 and " * 900 + "a = 1",
        "a in [" + "1," * 4_000 + "]",
        "\n" * 9_000 + "(",
    ],
    ids=lambda text: f"{text[:8]!r}x{len(text)}",
)
def test_hostile_text_is_refused(text: str) -> None:
    for parse in (parse_filter, parse_boost):
        with pytest.raises(ExpressionError) as caught:
            parse(text)
        assert len(str(caught.value)) < 400


def test_the_limits_are_where_they_are_said_to_be() -> None:
    parse_filter("a" + " " * (MAX_LENGTH - 1))
    with pytest.raises(ExpressionError, match="10,001 characters long; 10,000 are allowed"):
        parse_filter("a" + " " * MAX_LENGTH)
    deep = MAX_DEPTH - 1
    parse_boost("abs(" * deep + "a" + ")" * deep)
    with pytest.raises(ExpressionError, match="nested too deep: 50 levels are allowed"):
        parse_boost("abs(" * (deep + 1) + "a" + ")" * (deep + 1))
    parse_filter("(" * 2 * deep + "a" + ")" * 2 * deep)
    with pytest.raises(ExpressionError, match="nested too deep"):
        parse_filter("(" * 3 * deep + "a" + ")" * 3 * deep)
    parse_boost("1" + "+1" * deep)
    with pytest.raises(ExpressionError, match="nested too deep"):
        parse_boost("1" + "+1" * (deep + 1))
    most = (MAX_NODES - 1) // 2
    parse_filter(" or ".join(["a"] * most))
    with pytest.raises(ExpressionError, match="too many parts: 1,000 names"):
        parse_filter(" or ".join(["a"] * (most + 2)))
    parse_filter(f"a in [{'1,' * (MAX_NODES - 2)}]")
    with pytest.raises(ExpressionError, match="too many parts"):
        parse_filter(f"a in [{'1,' * MAX_NODES}]")
    with pytest.raises(ExpressionError, match="the expression is 12,011 characters long"):
        parse_filter("a = '" + "\x01" * 2_000 + "'")


@pytest.mark.parametrize(
    "text",
    [
        "-(" * 49 + "price" + ")" * 49,
        "1" + " - (price" * 49 + ")" * 49,
        "abs(" * 49 + "price" + ")" * 49,
        "if(price = 1, price, " * 48 + "1" + ")" * 48,
        "if(price = " * 24 + "1" + ", 1, price)" * 24,
        "price * 1d / 1d" + " * 1d / 1d" * 23,
    ],
    ids=lambda text: text[:12],
)
def test_depth_costs_no_more_than_length(text: str) -> None:
    """Work that doubles at each level would never end."""
    boost = parse_boost(text)
    assert parse_boost(str(boost)) == boost
    assert np.isfinite(boost.factors(facts())).all()


def test_the_deepest_expression_evaluates() -> None:
    deep = (MAX_DEPTH - 2) // 2
    element = parse_filter("-" * (MAX_DEPTH - 2) + "price in tags")
    assert parse_filter(str(element)) == element
    right = parse_boost("1 - (" * (MAX_DEPTH - 1) + "1" + ")" * (MAX_DEPTH - 1))
    assert parse_boost(str(right)) == right
    found = parse_filter("not (false or " * deep + "price = 1" + ")" * deep)
    wanted = bool(deep % 2 == 0)
    assert found.select(facts()).tolist()[0] is wanted
    assert parse_filter(str(found)) == found


def test_the_error_is_one_of_ours() -> None:
    with pytest.raises(ZhiyinError):
        parse_filter("price <")


@pytest.mark.parametrize("column", [pl.Series([1, 2]), np.zeros((4, 1)), np.zeros(5)])
def test_columns_of_another_length_are_refused(column: Any) -> None:
    facts = Facts(4, now=0, items={"price": column})
    with pytest.raises(DataError, match=r"the column item.price .* 4 candidates"):
        parse_filter("price < 1").select(facts)


def test_no_candidates_no_answers() -> None:
    empty = {"price": pl.Series([], dtype=pl.Float64), "tags": np.array([], dtype=object)}
    facts = Facts(0, now=0, items=empty, user={"liked": ["a"]})
    text = 'price < 1 or "a" in tags or tags in user.liked or user.liked contains "a" or true'
    assert parse_filter(text).select(facts).shape == (0,)
    assert parse_boost("price / 0").factors(facts).shape == (0,)


def test_work_is_done_by_column_not_by_row() -> None:
    """As many Python calls for 5,000 candidates as for 50."""
    text = (
        'price < user.budget and (brand in ["a", "b"] or "x" in tags) and title contains "a"'
        " and created > now - 30d and brand != other and tags contains brand"
    )
    condition = parse_filter(text)
    boost = parse_boost('if(brand = "a", 1.5, 1) / (1 + log1p(age_days(created)))')

    def calls(n: int) -> int:
        items = {
            "price": np.arange(n) % 7,
            "brand": pl.Series(["a", "b", None, "c", "d"] * (n // 5)),
            "other": pl.Series(["a", "c", "b", "c", None] * (n // 5)),
            "title": pl.Series(["ab", "ba", "b", "c", "d"] * (n // 5)),
            "tags": pl.Series([["x"], ["a"], [], None, ["y", "x"]] * (n // 5)),
            "created": pl.Series(["2024-01-01", "2024-02-01T10:00:00Z", "x", None, ""] * (n // 5)),
        }
        facts = Facts(n, now=1_717_243_200_000, items=items, user={"budget": 5})
        count = 0

        def counted(_frame: object, event: str, _argument: object) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        sys.setprofile(counted)
        try:
            condition.select(facts)
            boost.factors(facts)
        finally:
            sys.setprofile(None)
        return count

    calls(50)
    assert calls(50) == calls(5_000)
