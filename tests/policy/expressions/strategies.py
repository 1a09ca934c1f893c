"""Random trees whose kinds fit, and random rows with gaps for them to read."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

import polars as pl
from hypothesis import strategies as st

from zhiyin.policy.expressions import Facts, leaves, tree
from zhiyin.policy.expressions.building import conjunction, disjunction, negative

NOW = 1_717_243_200_000  # 2024-06-01T12:00:00Z

NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, 2.0, 2.5, 100.0, 1e-300, 1e308, 1.7e9, 1.7e12]),
    st.floats(0, 1e6, allow_nan=False),
)
TEXTS = st.sampled_from(["", "a", "b", "ab", "A", "é", "价", "1", "Yes", "no", "2024-05-01"])
WRITTEN_TIMES = st.sampled_from(
    [
        "2024-05-01",
        "2024-05-01 10:20:30",
        "2024-05-01T10:20Z",
        "2024-05-01T10:20:30.57+02:00",
        "2024-05-01 10:20:30.123456 UTC",
        "2024-05-01T23:00-0130",
        "2024-13-01",
        "2024-05-01T25:00",
        "2024-5-1",
        "soon",
    ]
)
SIGNED = st.one_of(NUMBERS, NUMBERS.map(lambda x: -x))
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)).map(
    lambda d: d.replace(microsecond=d.microsecond // 1000 * 1000)
)

KINDS: dict[str, tuple[st.SearchStrategy[Any], Any]] = {
    "price": (SIGNED, pl.Float64),
    "stock": (st.integers(-3, 3), pl.Int64),
    "rank": (st.sampled_from([1.0, float("nan"), float("inf")]), pl.Float64),
    "brand": (TEXTS, pl.String),
    "title": (TEXTS, pl.String),
    "tags": (st.lists(TEXTS, max_size=3), pl.List(pl.String)),
    "sizes": (st.lists(st.sampled_from([1.0, 2.0, 2.5]), max_size=3), pl.List(pl.Float64)),
    "hidden": (st.booleans(), pl.Boolean),
    "created": (WRITTEN_TIMES, pl.String),
    "seen": (MOMENTS, pl.Datetime("ms")),
}


@st.composite
def rows(draw: st.DrawFn) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any]]:
    """Items, a user and a context; anything may be missing."""
    record = st.fixed_dictionaries({n: st.none() | kind for n, (kind, _) in KINDS.items()})
    items = draw(st.lists(record, max_size=5))
    return items, draw(record), draw(record)


def facts(items: list[dict[str, Any]], user: dict[str, Any], context: dict[str, Any]) -> Facts:
    """Rows as columns."""
    columns = {
        name: pl.Series([item[name] for item in items], dtype=dtype, strict=False)
        for name, (_, dtype) in KINDS.items()
    }
    return Facts(len(items), now=NOW, items=columns, user=user, context=context)


ATTRIBUTES = st.builds(
    leaves.Attribute,
    st.sampled_from(["item", "item", "user", "context"]),
    st.sampled_from([*KINDS, "never"]),
)
NUMBER_LEAVES = SIGNED.map(lambda x: leaves.Number(x or 0.0))
TEXT_LEAVES = TEXTS.map(leaves.Text)
TRUTH_LEAVES = st.booleans().map(leaves.Boolean)
DURATION_LEAVES = st.integers(-(10**11), 10**11).map(leaves.Duration)
TIME_LEAVES = st.just(leaves.Now()) | st.integers(0, 2 * 10**12).map(leaves.Instant)
OPTIONS = st.one_of(
    NUMBER_LEAVES,
    TEXT_LEAVES,
    TRUTH_LEAVES,
    TIME_LEAVES.filter(lambda leaf: isinstance(leaf, leaves.Instant)),
)


def some(*strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Two or three of something."""
    return st.lists(st.one_of(*strategies), min_size=2, max_size=3).map(tuple)


def compared(signs: list[str], *sides: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Comparisons of two sides, either way round."""
    pair = st.permutations(range(2)), st.tuples(*sides)
    return st.builds(
        lambda sign, order, both: tree.Compare(sign, both[order[0]], both[order[1]]),
        st.sampled_from(signs),
        *pair,
    )


@lru_cache(None)
def conditions(depth: int) -> st.SearchStrategy[Any]:
    """Trees that are filters."""
    if not depth:
        return TRUTH_LEAVES | ATTRIBUTES
    below = conditions(depth - 1)
    a, n, t, d = ATTRIBUTES, numbers(depth - 1), times(depth - 1), durations(depth - 1)
    order, equality = ["=", "!=", "<", "<=", ">", ">="], ["=", "!="]
    texts = TEXT_LEAVES | a
    return st.one_of(
        below,
        below.map(tree.Not),
        some(below).map(conjunction),
        some(below).map(disjunction),
        compared(order, n, n),
        compared(order, texts, texts),
        compared(order, t, t | texts),
        compared(order, d, d),
        compared(order, a, n | t | TEXT_LEAVES),
        compared(equality, below, below),
        st.builds(tree.In, a, st.lists(OPTIONS, max_size=3).map(tuple)),
        st.builds(tree.In, n, st.lists(NUMBER_LEAVES, max_size=3).map(tuple)),
        st.builds(tree.In, texts, st.lists(TEXT_LEAVES, max_size=3).map(tuple)),
        st.builds(tree.Contains, texts, texts),
        st.builds(tree.Contains, a, n),
        st.builds(tree.Is, st.one_of(a, n, t, below), st.just("null")),
        st.builds(tree.Is, below, st.sampled_from(["true", "false"])),
    )


@lru_cache(None)
def numbers(depth: int) -> st.SearchStrategy[Any]:
    """Trees that are boosts."""
    if not depth:
        return NUMBER_LEAVES | ATTRIBUTES
    below, span = numbers(depth - 1), durations(depth - 1)
    branch = below | st.just(leaves.Null())
    return st.one_of(
        below,
        below.map(negative),
        st.builds(tree.Arithmetic, st.sampled_from("+-*/"), below, below),
        st.builds(tree.Arithmetic, st.just("/"), span, span),
        st.builds(tree.Call, st.sampled_from(["min", "max"]), some(below)),
        st.builds(tree.Call, st.sampled_from(["abs", "log1p"]), st.tuples(below)),
        st.builds(tree.Call, st.just("age_days"), st.tuples(times(depth - 1) | TEXT_LEAVES)),
        st.builds(tree.Call, st.just("if"), st.tuples(conditions(depth - 1), branch, branch)),
    )


@lru_cache(None)
def times(depth: int) -> st.SearchStrategy[Any]:
    """Trees that are times."""
    if not depth:
        return TIME_LEAVES
    below, span = times(depth - 1) | ATTRIBUTES, durations(depth - 1)
    return st.one_of(
        TIME_LEAVES,
        st.builds(tree.Arithmetic, st.sampled_from("+-"), below, span),
        st.builds(tree.Arithmetic, st.just("+"), span, below),
    )


@lru_cache(None)
def durations(depth: int) -> st.SearchStrategy[Any]:
    """Trees that are durations."""
    if not depth:
        return DURATION_LEAVES
    below, time, number = durations(depth - 1), times(depth - 1), numbers(depth - 1)
    return st.one_of(
        DURATION_LEAVES,
        below.map(negative),
        st.builds(tree.Arithmetic, st.sampled_from("+-"), below, below),
        st.builds(tree.Arithmetic, st.just("-"), time, time | ATTRIBUTES),
        st.builds(tree.Arithmetic, st.just("-"), ATTRIBUTES, time),
        st.builds(tree.Arithmetic, st.sampled_from("*/"), below, number),
        st.builds(tree.Arithmetic, st.just("*"), number, below),
    )
