"""Kinds of values as far as the text tells them: an attribute may hold anything."""

from __future__ import annotations

from enum import Enum

from zhiyin.core.errors import ExpressionError
from zhiyin.policy.expressions.leaves import (
    Attribute,
    Boolean,
    Duration,
    Instant,
    Node,
    Now,
    Null,
    Number,
    Text,
)
from zhiyin.policy.expressions.places import Source
from zhiyin.policy.expressions.tree import (
    And,
    Arithmetic,
    Call,
    Compare,
    Contains,
    In,
    Is,
    Negate,
    Not,
    Or,
)


class Kind(Enum):
    """What a value is, as messages call it."""

    ANY = "an attribute"
    BOOLEAN = "a condition"
    NUMBER = "a number"
    TEXT = "a text"
    TIME = "a time"
    DURATION = "a duration"
    NULL = "null"


_LEAVES: dict[type[Node], Kind] = {
    Attribute: Kind.ANY,
    Boolean: Kind.BOOLEAN,
    Duration: Kind.DURATION,
    Instant: Kind.TIME,
    Now: Kind.TIME,
    Null: Kind.NULL,
    Number: Kind.NUMBER,
    Text: Kind.TEXT,
}

_ANY, _NUMBER, _TIME, _DURATION = Kind.ANY, Kind.NUMBER, Kind.TIME, Kind.DURATION
_TIMELY: dict[tuple[str, Kind, Kind], Kind] = {
    ("+", _TIME, _DURATION): _TIME,
    ("+", _DURATION, _TIME): _TIME,
    ("+", _ANY, _DURATION): _TIME,
    ("+", _DURATION, _ANY): _TIME,
    ("+", _DURATION, _DURATION): _DURATION,
    ("-", _TIME, _DURATION): _TIME,
    ("-", _ANY, _DURATION): _TIME,
    ("-", _TIME, _TIME): _DURATION,
    ("-", _TIME, _ANY): _DURATION,
    ("-", _ANY, _TIME): _DURATION,
    ("-", _DURATION, _DURATION): _DURATION,
    ("*", _DURATION, _NUMBER): _DURATION,
    ("*", _NUMBER, _DURATION): _DURATION,
    ("*", _DURATION, _ANY): _DURATION,
    ("*", _ANY, _DURATION): _DURATION,
    ("/", _DURATION, _NUMBER): _DURATION,
    ("/", _DURATION, _ANY): _DURATION,
    ("/", _DURATION, _DURATION): _NUMBER,
}
"""What arithmetic gives where times take part; elsewhere numbers give a number."""

_USE_IS_NULL = "write is null or is not null"


def check_condition(source: Source, root: Node) -> None:
    """Refuses an expression that is no filter, or whose parts do not fit.

    Raises:
        ExpressionError: A kind is evidently wrong.
    """
    _Checker(source).condition(root)


def check_number(source: Source, root: Node) -> None:
    """Refuses an expression that is no boost, or whose parts do not fit.

    Raises:
        ExpressionError: A kind is evidently wrong.
    """
    _Checker(source).number(root)


class _Checker:
    def __init__(self, source: Source) -> None:
        self._source = source

    def kind(self, node: Node) -> Kind:
        """The kind of a node, whose parts are checked."""
        match node:
            case And() | Or() | Not():
                for part in node.children:
                    self.condition(part)
                return Kind.BOOLEAN
            case Compare() | In() | Contains() | Is():
                self._comparison(node)
                return Kind.BOOLEAN
            case Arithmetic():
                return self._arithmetic(node)
            case Negate():
                return self._negated(node)
            case Call():
                return self._call(node)
            case _:
                return _LEAVES[type(node)]

    def condition(self, node: Node) -> None:
        """Refuses a node that cannot be true or false."""
        kind = self.kind(node)
        if kind not in (Kind.BOOLEAN, Kind.ANY):
            hint = _USE_IS_NULL if kind is Kind.NULL else "compare it with something"
            raise self._error("a condition is needed here, not " + kind.value, node, hint)

    def number(self, node: Node, *, or_null: bool = False) -> None:
        """Refuses a node that cannot be a number."""
        self._numeric(node, self.kind(node), or_null=or_null)

    def _numeric(self, node: Node, kind: Kind, *, or_null: bool = False) -> None:
        """The same of a node whose kind is known: to ask twice at each level takes forever."""
        if kind in (Kind.NUMBER, Kind.ANY) or (or_null and kind is Kind.NULL):
            return
        hints = {
            Kind.BOOLEAN: "write if(condition, 1.5, 1)",
            Kind.TIME: "write age_days(...)",
            Kind.DURATION: "divide it by 1d for a number of days",
        }
        raise self._error("a number is needed here, not " + kind.value, node, hints.get(kind, ""))

    def _call(self, node: Call) -> Kind:
        if node.function == "age_days":
            (argument,) = node.arguments
            if (kind := self.kind(argument)) not in (Kind.TIME, Kind.TEXT, Kind.ANY):
                raise self._error("a time is needed here, not " + kind.value, argument)
            return Kind.NUMBER
        rest = node.arguments
        if node.function == "if":
            self.condition(rest[0])
            rest = rest[1:]
        for argument in rest:
            self.number(argument, or_null=node.function == "if")
        return Kind.NUMBER

    def _negated(self, node: Negate) -> Kind:
        kind = self.kind(node.operand)
        if kind is Kind.DURATION:
            return Kind.DURATION
        self._numeric(node.operand, kind)
        return Kind.NUMBER

    def _arithmetic(self, node: Arithmetic) -> Kind:
        left, right = self.kind(node.left), self.kind(node.right)
        if found := _TIMELY.get((node.operator, left, right)):
            return found
        kinds = {left, right}
        if kinds & {Kind.TIME, Kind.DURATION} and not kinds & {Kind.NULL, Kind.BOOLEAN}:
            what = f"{left.value} {node.operator} {right.value}"
            hint = "write 30d for 30 days" if Kind.NUMBER in kinds and node.operator in "+-" else ""
            raise self._error(f"{what} means nothing", node, hint)
        self._numeric(node.left, left)
        self._numeric(node.right, right)
        return Kind.NUMBER

    def _comparison(self, node: Node) -> None:
        match node:
            case Compare():
                left, right = self.kind(node.left), self.kind(node.right)
                self._comparable(node, left, right)
                if node.operator not in ("=", "!=") and Kind.BOOLEAN in (left, right):
                    raise self._error("conditions have no order", node, "compare them with =")
            case In():
                value = self.kind(node.value)
                for option in node.options:
                    self._comparable(option, value, self.kind(option))
            case Contains():
                self._containable(node, self.kind(node.container), self.kind(node.element))
            case Is(state="null"):
                self.kind(node.operand)
            case _:
                self.condition(node.children[0])

    def _comparable(self, node: Node, left: Kind, right: Kind) -> None:
        pair = {left, right}
        if Kind.NULL in pair:
            raise self._error("nothing equals null", node, _USE_IS_NULL)
        if pair == {Kind.ANY, Kind.DURATION}:
            hint = "durations come from times: now - item.created < 30d"
            raise self._error("an attribute is no duration", node, hint)
        if len(pair) > 1 and Kind.ANY not in pair and pair != {Kind.TIME, Kind.TEXT}:
            raise self._error(f"{left.value} is never comparable with {right.value}", node)

    def _containable(self, node: Contains, container: Kind, element: Kind) -> None:
        if container not in (Kind.ANY, Kind.TEXT):
            raise self._error(
                f"{container.value} contains nothing", node.container, "lists and texts do"
            )
        fits = element in (Kind.ANY, Kind.TEXT)
        if not (fits or (element is Kind.NUMBER and container is Kind.ANY)):
            what = "a text" if container is Kind.TEXT else "a list"
            raise self._error(f"{what} never contains {element.value}", node.element)

    def _error(self, message: str, node: Node, hint: str = "") -> ExpressionError:
        return self._source.error(message, node.place, hint=hint)
