"""A tree evaluated over columns."""

from __future__ import annotations

from functools import reduce
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.policy.expressions import leaves, tree
from zhiyin.policy.expressions.comparing import compare, contains, is_in
from zhiyin.policy.expressions.facts import Facts
from zhiyin.policy.expressions.reckoning import (
    age_days,
    both,
    call,
    chosen,
    either,
    negated,
    reckon,
)
from zhiyin.policy.expressions.values import (
    Durations,
    Floats,
    Mask,
    Numbers,
    Texts,
    Times,
    Truth,
    Value,
    as_numbers,
    as_truth,
)

Scalar = TypeVar("Scalar", np.float64, np.bool_)


def evaluate_condition(node: leaves.Node, facts: Facts) -> Truth:
    """Three-valued truth of length `Facts.n`."""
    truth = _truth(node, facts)
    return Truth(_spread(truth.yes, facts.n), _spread(truth.no, facts.n))


def evaluate_number(node: leaves.Node, facts: Facts) -> Floats:
    """float64 of length `Facts.n`, NaN where unknown, never infinite."""
    with np.errstate(all="ignore"):
        return _spread(as_numbers(_value(node, facts)).values, facts.n)


def _spread(values: NDArray[Scalar], n: int) -> NDArray[Scalar]:
    """An array of length n that nobody else holds."""
    return np.broadcast_to(values, n).copy()


def _truth(node: leaves.Node, facts: Facts) -> Truth:
    with np.errstate(all="ignore"):
        return as_truth(_value(node, facts))


def _value(node: leaves.Node, facts: Facts) -> Value:
    match node:
        case tree.And():
            return reduce(both, (_truth(part, facts) for part in node.operands))
        case tree.Or():
            return reduce(either, (_truth(part, facts) for part in node.operands))
        case tree.Not():
            truth = _truth(node.operand, facts)
            return Truth(truth.no, truth.yes)
        case tree.Compare():
            return compare(node.operator, _value(node.left, facts), _value(node.right, facts))
        case tree.In():
            return is_in(_value(node.value, facts), [_constant(o, facts) for o in node.options])
        case tree.Contains():
            return contains(_value(node.container, facts), _value(node.element, facts))
        case tree.Is():
            holds = _is(node, facts)
            return Truth(holds, ~holds)
        case _:
            return _quantity(node, facts)


def _is(node: tree.Is, facts: Facts) -> Mask:
    if node.state == "null":
        return ~_value(node.operand, facts).known
    truth = _truth(node.operand, facts)
    return truth.yes if node.state == "true" else truth.no


def _quantity(node: leaves.Node, facts: Facts) -> Value:
    match node:
        case leaves.Attribute():
            return facts.value(node)
        case tree.Arithmetic():
            return reckon(node.operator, _value(node.left, facts), _value(node.right, facts))
        case tree.Negate():
            return negated(_value(node.operand, facts))
        case tree.Call():
            arguments = [_value(argument, facts) for argument in node.arguments]
            if node.function == "if":
                return chosen(*arguments)
            if node.function == "age_days":
                return age_days(arguments[0], now=facts.now)
            return call(node.function, arguments)
        case _:
            return _constant(node, facts)


def _constant(node: leaves.Node, facts: Facts) -> Value:
    match node:
        case leaves.Number():
            return Numbers(np.array([node.value]))
        case leaves.Text():
            return Texts(pl.Series([node.value], dtype=pl.String))
        case leaves.Boolean():
            return Truth(np.array([node.value]), np.array([not node.value]))
        case leaves.Instant():
            return Times(np.array([float(node.milliseconds)]))
        case leaves.Duration():
            return Durations(np.array([float(node.milliseconds)]))
        case leaves.Now():
            return Times(np.array([float(facts.now)]))
        case _:
            return Numbers(np.array([np.nan]))
