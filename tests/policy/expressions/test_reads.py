"""Which attributes are read, which exist, and that each is read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest

from zhiyin.core.errors import ExpressionError
from zhiyin.policy.expressions import Facts, Reads, parse_boost, parse_filter


def test_reads_by_scope() -> None:
    found = parse_filter(
        "item.country = user.country and price < 3 and `odd name` is null"
        ' and context.device in ["phone"] and age_days(created) < if(a, b, user.c)'
    )
    items = {"country", "price", "odd name", "created", "a", "b"}
    assert found.reads == Reads(
        frozenset(items), frozenset({"country", "c"}), frozenset({"device"})
    )


def test_reads_join() -> None:
    both = parse_filter("a = user.b").reads | parse_boost("c * context.d").reads
    assert both == Reads(frozenset("ac"), frozenset("b"), frozenset("d"))
    assert Reads() | both == both
    assert parse_boost("1 + 2").reads == Reads()


class Watched(Mapping[str, Any]):
    """A mapping that notes what is asked of it."""

    def __init__(self, held: dict[str, Any]) -> None:
        self.held = held
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> Any:
        self.asked.append(name)
        return self.held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)


def test_only_what_is_read_is_fetched_and_once() -> None:
    items = Watched({"price": np.array([1.0, 3.0]), "heavy": None, "brand": pl.Series(["a", "b"])})
    facts = Facts(2, now=0, items=items)
    found, boost = (
        parse_filter("price < 2 or price > 5"),
        parse_boost("price * if(brand = 'a', 2, 1)"),
    )
    assert found.select(facts).tolist() == [True, False]
    assert boost.factors(facts).tolist() == [2.0, 3.0]
    assert sorted(items.asked) == sorted(found.reads.item | boost.reads.item)


def test_names_are_checked_where_they_are_known() -> None:
    known = {"item": ["price", "brand name"], "user": {"country"}}
    parse_filter("price < 1 and `brand name` = user.country and context.any", known=known)
    parse_boost("price", known=known)
    with pytest.raises(ExpressionError) as caught:
        parse_filter("brand = 'a' or prise < 3", known={"item": ["price", "brand"]})
    assert str(caught.value) == (
        'the item has no attribute "prise"\n'
        "  brand = 'a' or prise < 3\n"
        "                 ^^^^^\n"
        "(did you mean item.price?)"
    )
    with pytest.raises(ExpressionError, match="the user has no attribute"):
        parse_boost("user.zzz", known=known)


def test_results_belong_to_the_caller() -> None:
    column = np.array([True, False])
    facts = Facts(2, now=0, items={"on": column})
    found = parse_filter("on").select(facts)
    found[:] = False
    assert column.tolist() == [True, False]
    assert parse_filter("on").select(facts).tolist() == [True, False]
    assert parse_filter("true").select(facts).tolist() == [True, True]
