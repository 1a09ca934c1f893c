"""From tokens to a tree: precedence climbing, with a limit on nesting."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from zhiyin.core.errors import ExpressionError
from zhiyin.policy.expressions import words
from zhiyin.policy.expressions.atoms import take_attribute, take_keyword, take_options
from zhiyin.policy.expressions.building import conjunction, disjunction, negative, walk
from zhiyin.policy.expressions.leaves import Node
from zhiyin.policy.expressions.places import Source, quoted
from zhiyin.policy.expressions.reader import Reader, is_keyword
from zhiyin.policy.expressions.scanner import MAX_LENGTH, Token
from zhiyin.policy.expressions.tree import (
    AND,
    COMPARISON,
    NOT,
    OR,
    PRODUCT,
    SUM,
    UNARY,
    Arithmetic,
    Call,
    Comparator,
    Compare,
    Contains,
    In,
    Is,
    Not,
    Operator,
    State,
)

MAX_DEPTH = 50
"""Levels of operators and functions within one another."""
_MAX_CALLS = 2 * MAX_DEPTH + 2

_SIGNS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT} | dict.fromkeys(
    ("=", "!=", "<", "<=", ">", ">="), COMPARISON
)
_WORDS = {"or": OR, "and": AND} | dict.fromkeys(("in", "contains", "is", "not"), COMPARISON)


def parse(source: Source) -> Node:
    """The syntax tree of an expression.

    Within the limits every tree can be printed and parsed again: the canonical text takes two
    calls of the parser for a level at most, and is measured here.

    Raises:
        ExpressionError: It cannot be read, or is too large.
    """
    reader = Reader(source)
    root = _Parser(reader).expression(OR)
    reader.expect_end()
    for node, depth in walk(root):
        if depth > MAX_DEPTH:
            raise _too_deep(source, node.place[0])
    if (length := len(str(root))) > MAX_LENGTH:
        message = f"written out, the expression is {length:,} characters long"
        raise source.error(message, (0, 1), hint=f"{MAX_LENGTH:,} are allowed")
    return root


def _too_deep(source: Source, at: int) -> ExpressionError:
    message = f"nested too deep: {MAX_DEPTH} levels are allowed"
    return source.error(message, (at, at + 1), hint="long sums and products are nested too")


class _Parser:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._depth = 0

    def expression(self, least: int) -> Node:
        """What follows, up to an operator that binds less strongly than asked."""
        self._depth += 1
        if self._depth > _MAX_CALLS:
            raise _too_deep(self._reader.source, self._reader.next.place[0])
        left = self._operand(least)
        while (power := self._power()) >= least:
            left = self._reader.counted(self._joined(left, power))
            if power == COMPARISON == self._power():
                hint = "comparisons do not chain: write a < b and b < c, or use parentheses"
                raise self._reader.unexpected('"and", "or" or the end', hint=hint)
        self._depth -= 1
        return left

    def _power(self) -> int:
        """How strongly the operator that comes next binds; -1 where there is none."""
        token = self._reader.next
        if token.kind == "sign":
            return _SIGNS.get(token.text, -1)
        return _WORDS.get(token.text.lower(), -1) if is_keyword(token) else -1

    def _joined(self, left: Node, power: int) -> Node:
        """An operand, the operator that comes next, and its right side."""
        token = self._reader.take()
        if power == COMPARISON and token.kind == "word":
            return self._word_comparison(left, token.text.lower())
        right = self.expression(power + 1)
        place = (left.place[0], right.place[1])
        if power == OR:
            return disjunction((left, right), place=place)
        if power == AND:
            return conjunction((left, right), place=place)
        if power == COMPARISON:
            return Compare(cast("Comparator", token.text), left, right, place=place)
        return Arithmetic(cast("Operator", token.text), left, right, place=place)

    def _word_comparison(self, left: Node, operator: str) -> Node:
        """``in``, ``contains``, ``is`` and their contraries."""
        reader = self._reader
        negated = operator == "not" or (operator == "is" and reader.takes_word("not"))
        if operator == "not":
            operator = reader.expect_word("in", "contains")
        if operator == "is":
            state = reader.expect_word("null", "true", "false")
            place = (left.place[0], reader.last.place[1])
            found: Node = Is(left, cast("State", state), place=place)
        elif operator == "in" and reader.takes("["):
            options = take_options(reader)
            found = In(left, options, place=(left.place[0], reader.last.place[1]))
        else:
            right = self.expression(SUM)
            pair = (right, left) if operator == "in" else (left, right)
            found = Contains(*pair, place=(left.place[0], right.place[1]))
        return reader.counted(Not(found, place=found.place)) if negated else found

    def _operand(self, least: int) -> Node:
        """A constant, a name, a call, something in parentheses, or a prefix and its operand."""
        reader, token = self._reader, self._reader.next
        if token.kind == "word":
            return reader.counted(self._word(token, least))
        if token.kind == "name":
            return reader.counted(take_attribute(reader))
        if token.constant is not None:
            reader.take()
            return reader.counted(token.constant)
        if reader.takes("("):
            found = self.expression(OR)
            reader.expect_closing(")", opening=token)
            return replace(found, place=(token.place[0], reader.last.place[1]))
        if reader.takes("-"):
            operand = self.expression(UNARY)
            place = (token.place[0], operand.place[1])
            return reader.counted(negative(operand, place=place))
        hint = "a list stands after in" if reader.is_sign("[") else ""
        raise reader.unexpected("a value", hint=hint)

    def _word(self, token: Token, least: int) -> Node:
        reader = self._reader
        if is_keyword(token):
            if token.text.lower() != "not":
                return take_keyword(reader)
            if least > NOT:
                raise reader.unexpected("a value", hint="put (not ...) in parentheses")
            reader.take()
            operand = self.expression(NOT)
            return Not(operand, place=(token.place[0], operand.place[1]))
        if reader.follows("("):
            return self._call(reader.take())
        return take_attribute(reader)

    def _call(self, token: Token) -> Node:
        """A function and its arguments."""
        reader = self._reader
        if token.text not in words.FUNCTIONS:
            guess = words.nearest(token.text, words.FUNCTIONS, others=words.OTHER_FUNCTIONS)
            known = f"the functions are {', '.join(words.FUNCTIONS)}"
            hint = words.did_you_mean(guess) or known
            raise reader.source.error(
                f"unknown function {quoted(token.text)}", token.place, hint=hint
            )
        opening = reader.take()
        arguments: list[Node] = []
        while not reader.takes(")"):
            arguments.append(self.expression(OR))
            if not reader.takes(","):
                reader.expect_closing(")", opening=opening, separator=True)
                break
        place = (token.place[0], reader.last.place[1])
        fewest, most = words.FUNCTIONS[token.text]
        if not fewest <= len(arguments) <= most:
            wanted = f"{fewest}" if fewest == most else f"at least {fewest}"
            raise reader.source.error(
                f"{token.text} takes {wanted} argument{'s' * (fewest > 1)}, not {len(arguments)}",
                place,
            )
        return Call(token.text, tuple(arguments), place=place)
