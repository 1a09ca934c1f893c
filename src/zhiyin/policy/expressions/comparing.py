"""Comparisons of whole columns.

A comparison is unknown where a side is missing, and false where the sides are of kinds that
cannot be compared; ``!=`` is the contrary of ``=``, so it is true there.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from zhiyin.policy.expressions.tree import Comparator
from zhiyin.policy.expressions.values import (
    Durations,
    Lists,
    Mask,
    Numbers,
    Texts,
    Times,
    Truth,
    Value,
    as_times,
    as_truth,
    mask,
)

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NOWHERE = np.zeros(1, dtype=np.bool_)


def compare(comparator: Comparator, left: Value, right: Value) -> Truth:
    """Two values compared, element by element.

    Where one side is a time, the other is read as one; where one is yes or no, so is the
    other. Texts are compared by code points.
    """
    if comparator == "!=":
        equal = compare("=", left, right)
        return Truth(equal.no, equal.yes)
    return _told(_holds(comparator, left, right), left.known & right.known)


def contains(container: Value, element: Value) -> Truth:
    """Whether lists have an element, or texts another (upper and lower case differ)."""
    match container, element:
        case Lists(), Texts() if container.series.dtype == pl.List(pl.String):
            holds = _has(container.series, element.series)
        case Lists(), Numbers() if container.series.dtype == pl.List(pl.Float64):
            plain = not isinstance(element, Times | Durations)
            holds = _has(container.series, pl.Series(element.values)) if plain else _NOWHERE
        case Texts(), Texts():
            holds = _has_part(container.series, element.series)
        case _:
            holds = _NOWHERE
    return _told(holds, container.known & element.known)


def is_in(value: Value, options: Sequence[Value]) -> Truth:
    """Whether a value equals one of some constants, each of length 1."""
    if not options:
        return Truth(np.zeros_like(value.known), np.ones_like(value.known))
    if isinstance(value, Texts):
        texts = [option.series for option in options if isinstance(option, Texts)]
        if len(texts) == len(options):
            return _told(mask(value.series.is_in(pl.concat(texts).implode())), value.known)
    elif isinstance(value, Numbers):
        same = [o for o in options if isinstance(o, Numbers) and type(o) is type(value)]
        numbers = [option.values for option in same]
        if len(numbers) == len(options):
            return _told(np.isin(value.values, np.concatenate(numbers)), value.known)
    holds = _NOWHERE
    for option in options:
        holds = holds | _holds("=", value, option)
    return _told(holds, value.known)


def _told(holds: Mask, known: Mask) -> Truth:
    return Truth(holds & known, ~holds & known)


def _holds(comparator: str, left: Value, right: Value) -> Mask:
    """Where a comparison holds; anything where a side is unknown."""
    compared = _OPERATORS[comparator]
    if isinstance(left, Times) or isinstance(right, Times):
        return compared(as_times(left).values, as_times(right).values)
    if isinstance(left, Truth) or isinstance(right, Truth):
        ours, theirs = as_truth(left), as_truth(right)
        same = (ours.yes & theirs.yes) | (ours.no & theirs.no)
        return same if comparator == "=" else _NOWHERE
    if isinstance(left, Numbers) and isinstance(right, Numbers):
        return compared(left.values, right.values)
    if isinstance(left, Texts) and isinstance(right, Texts):
        return _texts(compared, left.series, right.series)
    return _NOWHERE


def _texts(compared: Callable[[Any, Any], Any], left: pl.Series, right: pl.Series) -> Mask:
    ours, theirs = _single(left), _single(right)
    if ours is None or theirs is None:
        return _NOWHERE
    found = compared(ours, theirs)
    return mask(found) if isinstance(found, pl.Series) else np.array([found], dtype=np.bool_)


def _single(series: pl.Series) -> pl.Series | str | float | None:
    """A series of length 1 as its value: polars is faster with those."""
    return series.item() if len(series) == 1 else series


def _has(lists: pl.Series, elements: pl.Series) -> Mask:
    if len(lists) == 1:
        options = lists.item()
        return _NOWHERE if options is None else mask(elements.is_in(options.implode()))
    if len(elements) == 1:
        return mask(lists.list.contains(elements.item()))
    frame = pl.DataFrame({"list": lists, "element": elements})
    return mask(frame.select(pl.col("list").list.contains(pl.col("element"))).to_series())


def _has_part(texts: pl.Series, parts: pl.Series) -> Mask:
    part = _single(parts)
    if isinstance(part, str):
        return mask(texts.str.contains(part, literal=True))
    if part is None:
        return _NOWHERE
    whole = texts.new_from_index(0, len(parts)) if len(texts) == 1 else texts
    frame = pl.DataFrame({"text": whole, "part": parts})
    return mask(frame.select(pl.col("text").str.contains(pl.col("part"), literal=True)).to_series())
