"""Trees as the parser builds them: ``and`` and ``or`` are flat, a minus belongs to its number."""

from __future__ import annotations

from collections.abc import Iterator

from zhiyin.policy.expressions.leaves import Duration, Node, Number
from zhiyin.policy.expressions.places import Place
from zhiyin.policy.expressions.tree import And, Negate, Or


def disjunction(operands: tuple[Node, ...], *, place: Place = (0, 0)) -> Or:
    """``or`` over at least two operands, those that are ``or`` themselves unfolded."""
    parts = (o.operands if isinstance(o, Or) else (o,) for o in operands)
    return Or(tuple(part for unfolded in parts for part in unfolded), place=place)


def conjunction(operands: tuple[Node, ...], *, place: Place = (0, 0)) -> And:
    """``and`` over at least two operands, those that are ``and`` themselves unfolded."""
    parts = (o.operands if isinstance(o, And) else (o,) for o in operands)
    return And(tuple(part for unfolded in parts for part in unfolded), place=place)


def negative(operand: Node, *, place: Place = (0, 0)) -> Node:
    """A minus before an operand; before a number or a duration it becomes its sign."""
    if isinstance(operand, Number):
        return Number(-operand.value or 0.0, place=place)
    if isinstance(operand, Duration):
        return Duration(-operand.milliseconds, place=place)
    return Negate(operand, place=place)


def walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Every node with its depth (the root's is 1), parents first; needs no deep stack."""
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in reversed(node.children))
