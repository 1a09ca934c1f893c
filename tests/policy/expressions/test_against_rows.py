"""Whole columns against one row at a time in plain Python, on random trees and rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policy.expressions import rowwise, strategies

from zhiyin.policy.expressions import Boost, Filter

Rows = tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any]]


def each(rows: Rows) -> list[rowwise.Row]:
    items, user, context = rows
    return [rowwise.Row(item, user, context, strategies.NOW) for item in items]


@settings(max_examples=150)
@given(tree=strategies.conditions(3), rows=strategies.rows())
def test_filters_say_of_columns_what_they_say_of_rows(tree: Any, rows: Rows) -> None:
    truth = Filter(tree).truth(strategies.facts(*rows))
    wanted = [rowwise.selected(tree, row) for row in each(rows)]
    assert truth.yes.tolist() == [w is True for w in wanted], str(tree)
    assert truth.no.tolist() == [w is False for w in wanted], str(tree)


@settings(max_examples=150)
@given(tree=strategies.numbers(3), rows=strategies.rows())
def test_boosts_reckon_columns_as_they_reckon_rows(tree: Any, rows: Rows) -> None:
    facts = strategies.facts(*rows)
    wanted = [rowwise.number_of(tree, row) for row in each(rows)]
    factors, amounts = Boost(tree).factors(facts), Boost(tree).amounts(facts)
    np.testing.assert_allclose(factors, [1.0 if w is None else w for w in wanted], rtol=1e-9)
    np.testing.assert_allclose(amounts, [0.0 if w is None else w for w in wanted], rtol=1e-9)
    assert factors.dtype == amounts.dtype == np.float64
    assert np.isfinite([factors, amounts]).all()


@given(tree=strategies.conditions(2), rows=strategies.rows(), data=st.data())
def test_candidates_do_not_touch_one_another(tree: Any, rows: Rows, data: st.DataObject) -> None:
    items, user, context = rows
    kept = data.draw(st.lists(st.booleans(), min_size=len(items), max_size=len(items)))
    some = [item for item, keep in zip(items, kept, strict=True) if keep]
    whole = Filter(tree).select(strategies.facts(*rows))
    part = Filter(tree).select(strategies.facts(some, user, context))
    assert part.tolist() == whole[np.array(kept, dtype=bool)].tolist()


@pytest.mark.parametrize("text", ["soon", "2024-05-01T10:20:30.57+02:00"])
def test_the_other_reading_knows_times(text: str) -> None:
    assert (rowwise.moment(text) is None) == (text == "soon")
