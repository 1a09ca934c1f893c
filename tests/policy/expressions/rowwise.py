"""The language once more: one row at a time, in plain Python, as slow and simple as it can be.

Values are None (unknown), bool, float, str, list, `Time` and `Span`.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from zhiyin.policy.expressions import leaves, tree

DAY = 86_400_000
MS = timedelta(milliseconds=1)
ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|UTC|[+-]\d\d:?\d\d))?)?")


@dataclass(frozen=True)
class Time:
    ms: float


@dataclass(frozen=True)
class Span:
    ms: float


@dataclass(frozen=True)
class Row:
    item: Mapping[str, Any]
    user: Mapping[str, Any]
    context: Mapping[str, Any]
    now: int


def selected(node: leaves.Node, row: Row) -> bool | None:
    """What a filter says of a row, None where it is unknown."""
    return truth(value(node, row))


def number_of(node: leaves.Node, row: Row) -> float | None:
    """What a boost says of a row, None where it is unknown."""
    return number(value(node, row))


def value(node: leaves.Node, row: Row) -> Any:
    match node:
        case leaves.Attribute():
            return plain(getattr(row, node.scope).get(node.name))
        case leaves.Number() | leaves.Text() | leaves.Boolean():
            return node.value
        case leaves.Null():
            return None
        case leaves.Now():
            return Time(row.now)
        case leaves.Instant():
            return Time(node.milliseconds)
        case leaves.Duration():
            return Span(node.milliseconds)
        case _:
            return _EVALUATED[type(node)](node, row)


def _is(node: tree.Is, row: Row) -> bool:
    if node.state == "null":
        return value(node.operand, row) is None
    return selected(node.operand, row) is (node.state == "true")


def _or(node: tree.Or, row: Row) -> bool | None:
    return negated(conjoined([negated(selected(part, row)) for part in node.operands]))


def _in(node: tree.In, row: Row) -> bool | None:
    found = value(node.value, row)
    return disjoined([compared("=", found, value(option, row)) for option in node.options])


def _negate(node: tree.Negate, row: Row) -> Any:
    inner = value(node.operand, row)
    if isinstance(inner, Span):
        return Span(-inner.ms)
    return None if number(inner) is None else -inner


_EVALUATED: dict[type, Callable[[Any, Row], Any]] = {
    tree.And: lambda node, row: conjoined([selected(part, row) for part in node.operands]),
    tree.Or: _or,
    tree.Not: lambda node, row: negated(selected(node.operand, row)),
    tree.Is: _is,
    tree.In: _in,
    tree.Negate: _negate,
    tree.Compare: lambda n, row: compared(n.operator, value(n.left, row), value(n.right, row)),
    tree.Contains: lambda n, row: contained(value(n.container, row), value(n.element, row)),
    tree.Arithmetic: lambda n, row: reckoned(n.operator, value(n.left, row), value(n.right, row)),
    tree.Call: lambda n, row: called(n.function, [value(a, row) for a in n.arguments], row.now),
}


def plain(found: Any) -> Any:
    """An attribute as a value of the language."""
    if isinstance(found, bool) or found is None:
        return found
    if isinstance(found, int | float):
        return float(found) if math.isfinite(found) else None
    return Time((found - datetime(1970, 1, 1)) / MS) if isinstance(found, datetime) else found


def negated(found: bool | None) -> bool | None:
    return None if found is None else not found


def conjoined(parts: list[bool | None]) -> bool | None:
    if False in parts:
        return False
    return None if None in parts else True


def disjoined(parts: list[bool | None]) -> bool | None:
    if True in parts:
        return True
    return None if None in parts else False


def truth(found: Any) -> bool | None:
    if isinstance(found, bool):
        return found
    if isinstance(found, float):
        return found != 0
    if isinstance(found, str) and found.lower() in ("true", "t", "yes", "1", "是"):
        return True
    if isinstance(found, str) and found.lower() in ("false", "f", "no", "0", "否"):
        return False
    return None


def number(found: Any) -> float | None:
    return found if isinstance(found, float) and math.isfinite(found) else None


def moment(found: Any) -> Time | None:
    """What a value is as a time."""
    if isinstance(found, Time):
        return found
    if isinstance(found, float):
        size = abs(found)
        scale = 1e3 if size < 1e11 else 1.0 if size < 1e14 else 1e-3 if size < 1e17 else 1e-6
        return Time(found * scale)
    if not isinstance(found, str) or not ISO.fullmatch(found):
        return None
    try:
        zoned = found.replace("UTC", "Z").replace(" Z", "Z").replace(" +", "+").replace(" -", "-")
        read = datetime.fromisoformat(zoned)
    except ValueError:
        return None
    read = read.replace(microsecond=read.microsecond // 1000 * 1000)
    aware = read if read.tzinfo else read.replace(tzinfo=UTC)
    return Time((aware - datetime(1970, 1, 1, tzinfo=UTC)) / MS)


def compared(sign: str, left: Any, right: Any) -> bool | None:
    if left is None or right is None:
        return None
    if sign == "!=":
        return not compared("=", left, right)
    if isinstance(left, Time) or isinstance(right, Time):
        left, right = moment(left), moment(right)
        left, right = left and left.ms, right and right.ms
    elif isinstance(left, bool) or isinstance(right, bool):
        left, right = truth(left), truth(right)
        return sign == "=" and left is not None and left is right
    elif isinstance(left, Span) and isinstance(right, Span):
        left, right = left.ms, right.ms
    elif type(left) is not type(right) or isinstance(left, list):
        return False
    if left is None or right is None:
        return False
    return left == right if sign == "=" else ORDER[sign](left, right)


def contained(container: Any, element: Any) -> bool | None:
    if container is None or element is None:
        return None
    if isinstance(container, list):
        same = [part for part in container if type(part) is type(element)]
        return element in same
    return isinstance(container, str) and isinstance(element, str) and element in container


def reckoned(sign: str, left: Any, right: Any) -> Any:
    made: Any = None
    if not isinstance(left, Time | Span) and not isinstance(right, Time | Span):
        made, left, right = float, number(left), number(right)
    elif sign in "*/":
        made = float if isinstance(left, Span) and isinstance(right, Span) else Span
        left, right = (v.ms if isinstance(v, Span) else number(v) for v in (left, right))
    elif isinstance(left, Span) and isinstance(right, Span):
        made, left, right = Span, left.ms, right.ms
    else:
        made = Time if isinstance(left, Span) or isinstance(right, Span) else Span
        both = [v if isinstance(v, Span) else moment(v) for v in (left, right)]
        left, right = (v and v.ms for v in both)
    if left is None or right is None or (sign == "/" and right == 0):
        return None
    signs = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
    found = signs[sign](left, right)
    return made(found) if math.isfinite(found) else None


def called(function: str, arguments: list[Any], now: int) -> float | None:
    if function == "if":
        return number(arguments[1] if truth(arguments[0]) else arguments[2])
    if function == "age_days":
        then = moment(arguments[0])
        return None if then is None else (now - then.ms) / DAY
    numbers = [number(argument) for argument in arguments]
    known = [each for each in numbers if each is not None]
    if len(known) < len(numbers):
        return None
    if function == "log1p":
        return math.log1p(known[0]) if known[0] > -1 else None
    return {"min": min, "max": max, "abs": lambda each: abs(each[0])}[function](known)
