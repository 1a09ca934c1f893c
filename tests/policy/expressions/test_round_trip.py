"""What is printed parses to the same tree, and is already in its canonical form."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policy.expressions import strategies

from zhiyin.policy.expressions import Boost, Filter, leaves, parse_boost, parse_filter, tree


@settings(max_examples=300)
@given(strategies.conditions(4))
def test_filters(node: Any) -> None:
    text = str(Filter(node))
    parsed = parse_filter(text)
    assert parsed.tree == node
    assert str(parsed) == text
    assert hash(parsed.tree) == hash(node)


@settings(max_examples=300)
@given(strategies.numbers(4))
def test_boosts(node: Any) -> None:
    text = str(Boost(node))
    parsed = parse_boost(text)
    assert parsed.tree == node
    assert str(parsed) == text


@given(st.sampled_from(["item", "user", "context"]), st.text(min_size=1))
def test_names(scope: Any, name: str) -> None:
    node = leaves.Attribute(scope, name)
    assert parse_filter(str(node)).tree == node


@given(st.text())
def test_texts(text: str) -> None:
    node = tree.Compare("=", leaves.Attribute("item", "title"), leaves.Text(text))
    assert parse_filter(str(node)).tree == node
    quoted = "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    assert parse_filter(f"title = {quoted}").tree == node


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers(number: float) -> None:
    assert parse_boost(str(leaves.Number(number))).tree == leaves.Number(number)
    assert parse_boost(repr(number)).tree == leaves.Number(number)


@given(
    st.integers(-62_135_596_800_000, 253_402_300_799_999),
    st.integers(-(10**15) + 1, 10**15 - 1),
)
def test_times_and_durations(moment: int, length: int) -> None:
    node = tree.Compare(
        "<",
        tree.Arithmetic("-", leaves.Now(), leaves.Instant(moment)),
        leaves.Duration(length),
    )
    assert parse_filter(str(node)).tree == node


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("price<100", "item.price < 100"),
        ("`price` < 1E2", "item.price < 100"),
        ("item.and and `or`", "item.and and item.or"),
        ("(a and (b and c)) or (d or e)", "item.a and item.b and item.c or item.d or item.e"),
        ("(a or b) and c", "(item.a or item.b) and item.c"),
        ("'x' in tags", 'item.tags contains "x"'),
        ("not 'x' in tags", 'item.tags not contains "x"'),
        ("tags NOT CONTAINS 'x'", 'item.tags not contains "x"'),
        ("not brand in ['x', 2, true, -3,]", 'item.brand not in ["x", 2, true, -3]'),
        ("not brand is null", "item.brand is not null"),
        ("not (a is not true)", "not item.a is not true"),
        ("not (a = 1)", "not item.a = 1"),
        ("a - (b - c) - d > -(e)", "item.a - (item.b - item.c) - item.d > -item.e"),
        ("(a * b) / (c * d) = .5", "item.a * item.b / (item.c * item.d) = 0.5"),
        ("-(3) * - 2 < 0", "-3 * -2 < 0"),
        ("created > now - 4w", "item.created > now - 28d"),
        ("created > now - 1.5h", "item.created > now - 90m"),
        ("created > 2024-01-31T02:00+02:00", "item.created > 2024-01-31"),
        ("created > 2024-01-31T02:00:00.5", "item.created > 2024-01-31T02:00:00.500Z"),
        ("IF(a, 1, 2) = 1", None),
        ("if(a,1,null)=1", "if(item.a, 1, null) = 1"),
        ("if = 1 and min = 2", "item.if = 1 and item.min = 2"),
        ('title = "\\u4ef7\\n"', 'item.title = "价\\n"'),
        ("`a b` = item.`c``d`", "item.`a b` = item.`c``d`"),
        ("标题 = user.标题", "item.标题 = user.标题"),
    ],
)
def test_canonical_text(text: str, canonical: str | None) -> None:
    if canonical is None:
        with pytest.raises(Exception, match="did you mean if"):
            parse_filter(text)
    else:
        assert str(parse_filter(text)) == canonical


def test_trees_are_frozen_and_equal_wherever_they_stood() -> None:
    one, other = parse_filter("price   < 1"), parse_filter("price<1")
    assert one == other
    assert len({one, other}) == 1
    assert one != parse_filter("price < 2")
    with pytest.raises(AttributeError):
        one.tree.place = (0, 1)  # type: ignore[misc]


def test_one_and_true_are_not_the_same() -> None:
    assert parse_filter("a = 1") != parse_filter("a = true")
