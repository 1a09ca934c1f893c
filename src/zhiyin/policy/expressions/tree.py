"""Nodes that have parts, each printed back as text that parses to the same node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zhiyin.policy.expressions.leaves import Constant, Node

OR, AND, NOT, COMPARISON, SUM, PRODUCT, UNARY, PRIMARY = range(1, 9)
"""How strongly operators bind; `PRIMARY` is everything that needs no parentheses."""

Comparator = Literal["=", "!=", "<", "<=", ">", ">="]
Operator = Literal["+", "-", "*", "/"]
State = Literal["null", "true", "false"]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """True where any operand is; made by `building.disjunction`."""

    operands: tuple[Node, ...]

    def __str__(self) -> str:
        return " or ".join(within(operand, AND) for operand in self.operands)


@dataclass(frozen=True, slots=True)
class And(Node):
    """True where every operand is; made by `building.conjunction`."""

    operands: tuple[Node, ...]

    def __str__(self) -> str:
        return " and ".join(within(operand, NOT) for operand in self.operands)


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """Two values compared."""

    operator: Comparator
    left: Node
    right: Node

    def __str__(self) -> str:
        return f"{within(self.left, SUM)} {self.operator} {within(self.right, SUM)}"


@dataclass(frozen=True, slots=True)
class In(Node):
    """Whether a value equals one of some constants."""

    value: Node
    options: tuple[Constant, ...]

    def __str__(self) -> str:
        return self.written("in")

    def written(self, operator: str) -> str:
        """The text with ``in`` or ``not in``."""
        options = ", ".join(map(str, self.options))
        return f"{within(self.value, SUM)} {operator} [{options}]"


@dataclass(frozen=True, slots=True)
class Contains(Node):
    """Whether a list has an element, or a text another."""

    container: Node
    element: Node

    def __str__(self) -> str:
        return self.written("contains")

    def written(self, operator: str) -> str:
        """The text with ``contains`` or ``not contains``."""
        return f"{within(self.container, SUM)} {operator} {within(self.element, SUM)}"


@dataclass(frozen=True, slots=True)
class Is(Node):
    """Whether a value is missing, or a condition true or false; never unknown itself."""

    operand: Node
    state: State

    def __str__(self) -> str:
        return self.written("is")

    def written(self, operator: str) -> str:
        """The text with ``is`` or ``is not``."""
        return f"{within(self.operand, SUM)} {operator} {self.state}"


@dataclass(frozen=True, slots=True)
class Not(Node):
    """The contrary; unknown stays unknown."""

    operand: Node

    def __str__(self) -> str:
        match self.operand:
            case In() as operand:
                return operand.written("not in")
            case Contains() as operand:
                return operand.written("not contains")
            case Is() as operand:
                return operand.written("is not")
            case operand:
                return f"not {within(operand, NOT)}"


@dataclass(frozen=True, slots=True)
class Negate(Node):
    """A number with the other sign; made by `building.negative`."""

    operand: Node

    def __str__(self) -> str:
        return f"-{within(self.operand, UNARY)}"


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """Two numbers (or times, or durations) reckoned with."""

    operator: Operator
    left: Node
    right: Node

    def __str__(self) -> str:
        own = strength(self)
        left, right = within(self.left, own), within(self.right, own + 1)
        return f"{left} {self.operator} {right}"


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function of `words.FUNCTIONS` and its arguments."""

    function: str
    arguments: tuple[Node, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


_STRENGTHS: dict[type[Node], int] = {
    Or: OR,
    And: AND,
    Not: NOT,
    Compare: COMPARISON,
    In: COMPARISON,
    Contains: COMPARISON,
    Is: COMPARISON,
    Negate: UNARY,
}


def strength(node: Node) -> int:
    """How strongly the outermost operator of a node binds."""
    if isinstance(node, Arithmetic):
        return SUM if node.operator in "+-" else PRODUCT
    return _STRENGTHS.get(type(node), PRIMARY)


def within(node: Node, least: int) -> str:
    """A node as text, in parentheses where it binds less strongly than asked."""
    return f"({node})" if strength(node) < least else str(node)
