"""Arithmetic over whole columns: what is not finite is unknown."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from zhiyin.policy.expressions.tree import Operator
from zhiyin.policy.expressions.values import (
    Durations,
    Numbers,
    Times,
    Truth,
    Value,
    as_numbers,
    as_times,
    as_truth,
    finite,
)
from zhiyin.policy.expressions.words import UNITS

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}


def reckon(operator: Operator, left: Value, right: Value) -> Numbers:
    """Two values added, subtracted, multiplied or divided.

    Beside a duration or a time the rules of `kinds` hold: a time less a time is a duration,
    an attribute plus a duration is a time.
    """
    if not isinstance(left, Times | Durations) and not isinstance(right, Times | Durations):
        return _made(Numbers, operator, as_numbers(left), as_numbers(right))
    if operator in "*/":
        return _scaled(operator, left, right)
    match left, right:
        case Durations(), Durations():
            return _made(Durations, operator, left, right)
        case Durations(), _:
            return _made(Times, operator, left, as_times(right))
        case _, Durations():
            return _made(Times, operator, as_times(left), right)
        case _:
            return _made(Durations, operator, as_times(left), as_times(right))


def _scaled(operator: Operator, left: Value, right: Value) -> Numbers:
    match left, right:
        case Durations(), Durations():
            return _made(Numbers, operator, left, right)
        case Durations(), _:
            return _made(Durations, operator, left, as_numbers(right))
        case _, Durations():
            return _made(Durations, operator, as_numbers(left), right)
        case _:
            return _made(Numbers, operator, as_numbers(left), as_numbers(right))


def _made(kind: type[Numbers], operator: Operator, left: Numbers, right: Numbers) -> Numbers:
    return kind(finite(_OPERATORS[operator](left.values, right.values)))


def negated(value: Value) -> Numbers:
    """Numbers or durations with the other sign."""
    if isinstance(value, Durations):
        return Durations(-value.values)
    return Numbers(-as_numbers(value).values)


def age_days(value: Value, *, now: int) -> Numbers:
    """Days from a time until now, in milliseconds; negative for times to come."""
    return Numbers(finite((now - as_times(value).values) / UNITS["d"]))


def chosen(condition: Value, then: Value, otherwise: Value) -> Numbers:
    """Numbers by a condition; where it is unknown, as where it is false."""
    return Numbers(
        np.where(as_truth(condition).yes, as_numbers(then).values, as_numbers(otherwise).values)
    )


def call(function: str, arguments: list[Value]) -> Numbers:
    """A function of numbers."""
    numbers = [as_numbers(argument).values for argument in arguments]
    match function:
        case "min":
            return Numbers(reduce(np.minimum, numbers))
        case "max":
            return Numbers(reduce(np.maximum, numbers))
        case "abs":
            return Numbers(np.abs(numbers[0]))
        case _:
            return Numbers(finite(np.log1p(numbers[0])))


def both(left: Truth, right: Truth) -> Truth:
    """Three-valued ``and``."""
    return Truth(left.yes & right.yes, left.no | right.no)


def either(left: Truth, right: Truth) -> Truth:
    """Three-valued ``or``."""
    return Truth(left.yes | right.yes, left.no & right.no)
