"""Columns of a catalogue become rows that can be compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.core.attributes import Attribute
from zhiyin.encode.attributes.catalogue import CatalogueReader
from zhiyin.encode.attributes.kinds import Kind, kind_of, tags_of

TITLES = [f"The {a} {b}" for a in ("red", "blue", "old") for b in ("house", "river", "king")]


def dense(attribute: Attribute) -> np.ndarray:
    values = attribute.values
    return values if isinstance(values, np.ndarray) else values.toarray()


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("genres", [["a", "b"], None, ["b"]], Kind.TAGS),
        ("brand", ["Sony", "Sony", "Bosch", "Bosch"], Kind.TAGS),
        ("actors", ["Tom Hanks, Tim Allen", "Tom Hanks (voice)", "Tim Allen"], Kind.TAGS),
        ("品牌", ["华为", "小米", "华为", "小米"], Kind.TAGS),
        ("price", [1.5 * n for n in range(20)], Kind.NUMBER),
        ("price", [f"{n}.99" for n in range(20)], Kind.NUMBER),
        ("rating", [1, 2, 3, 2, 1], Kind.TAGS),
        ("title", ["Jaws", "Alien", "Up"], Kind.TEXT),
        ("plot", [f"A man {w} a house and never comes back" for w in ("buys", "sells")], Kind.TEXT),
        ("描述", ["一个关于友情的故事，发生在北京", "两个人在上海相遇又分开了"], Kind.TEXT),
        ("image", [f"https://example.org/{n}.png" for n in range(9)], Kind.UNUSED),
        ("nothing", [None, None, ""], Kind.UNUSED),
        ("sku", [f"X{n}" for n in range(30)], Kind.UNUSED),
    ],
)
def test_what_a_column_holds_is_seen(name: str, values: list[Any], kind: Kind) -> None:
    assert kind_of(name, values) is kind


def test_tags_stand_between_commas_without_what_is_in_brackets() -> None:
    assert tags_of("Ann Lee (novel), Bo Li，陈明") == ["Ann Lee", "Bo Li", "陈明"]


def test_near_numbers_are_more_alike_than_far_ones() -> None:
    (price,) = CatalogueReader(None).fit({"price": list(range(1, 101))})
    like = price.likeness(np.array([50]), price)[0]
    assert like[50] == pytest.approx(1, abs=1e-3)
    assert like[51] > like[55] > like[70]
    assert like[99] < 0.01


def test_new_items_are_read_as_the_catalogue_was() -> None:
    columns = {"title": TITLES, "tags": ["x, y", "y", "x"] * 3, "year": list(range(1990, 1999))}
    reader = CatalogueReader(None)
    known = reader.fit(columns)
    again = CatalogueReader(None).restore(reader.manifest(), reader.state())
    for before, after in zip(known, again.read(columns), strict=True):
        assert before.name == after.name
        assert np.allclose(dense(before), dense(after))


def test_an_item_without_some_columns_has_zeros_there() -> None:
    reader = CatalogueReader(None)
    reader.fit({"title": TITLES, "tags": ["x", "y", "x"] * 3})
    read = {a.name: dense(a) for a in reader.read({"title": ["The red house"]})}
    assert not read["tags"].any()
    assert read["title: words"].any()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.one_of(st.none(), st.text(max_size=40), st.integers(), st.floats(), st.booleans()),
        min_size=1,
        max_size=30,
    )
)
def test_whatever_a_column_holds_rows_have_length_one_or_none(values: list[Any]) -> None:
    for attribute in CatalogueReader(None).fit({"anything": values}):
        lengths = np.linalg.norm(dense(attribute), axis=1)
        assert np.isfinite(lengths).all()
        assert np.all((np.abs(lengths - 1) < 1e-3) | (lengths < 1e-6))
