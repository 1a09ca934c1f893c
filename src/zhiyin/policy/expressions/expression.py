"""Filters and boosts: parsed once, evaluated over any number of candidates."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zhiyin.policy.expressions import words
from zhiyin.policy.expressions.building import walk
from zhiyin.policy.expressions.evaluating import evaluate_condition, evaluate_number
from zhiyin.policy.expressions.facts import Facts
from zhiyin.policy.expressions.kinds import check_condition, check_number
from zhiyin.policy.expressions.leaves import Attribute, Node, Now
from zhiyin.policy.expressions.parser import parse
from zhiyin.policy.expressions.places import Source, quoted
from zhiyin.policy.expressions.tree import Call
from zhiyin.policy.expressions.values import Floats, Truth

Known = Mapping[words.Scope, Collection[str]]
"""Attributes that exist; a scope that is left out is not checked."""


@dataclass(frozen=True, slots=True)
class Reads:
    """The attributes that expressions read.

    Attributes:
        item: Of the candidates: the columns to fetch.
        user: Of the user.
        context: Of the query's context.
    """

    item: frozenset[str] = frozenset()
    user: frozenset[str] = frozenset()
    context: frozenset[str] = frozenset()

    def __or__(self, other: Reads) -> Reads:
        return Reads(self.item | other.item, self.user | other.user, self.context | other.context)


@dataclass(frozen=True)
class _Expression:
    tree: Node
    """The frozen syntax tree."""

    def __str__(self) -> str:
        """The canonical text, which parses to the same tree."""
        return str(self.tree)

    @cached_property
    def reads(self) -> Reads:
        """The attributes that it reads."""
        found = [node for node, _ in walk(self.tree) if isinstance(node, Attribute)]
        return Reads(*(frozenset(a.name for a in found if a.scope == s) for s in words.SCOPES))

    @cached_property
    def timely(self) -> bool:
        """Whether it asks for the present, so that its value changes by itself."""
        return any(
            isinstance(node, Now) or (isinstance(node, Call) and node.function == "age_days")
            for node, _ in walk(self.tree)
        )


@dataclass(frozen=True)
class Filter(_Expression):
    """Which candidates are selected; made by `parse_filter`."""

    def select(self, facts: Facts) -> NDArray[np.bool_]:
        """Whether each candidate is selected, bool of shape (n,): unknown is not selected.

        Raises:
            DataError: A column does not have n values.
        """
        return self.truth(facts).yes

    def truth(self, facts: Facts) -> Truth:
        """Where the filter says yes, where no, and where neither, because something is missing.

        Raises:
            DataError: A column does not have n values.
        """
        return evaluate_condition(self.tree, facts)


@dataclass(frozen=True)
class Boost(_Expression):
    """A number for each candidate; made by `parse_boost`."""

    def factors(self, facts: Facts) -> Floats:
        """What to multiply scores with: finite float64 of shape (n,), 1 where unknown.

        Raises:
            DataError: A column does not have n values.
        """
        return self._known_or(1.0, facts)

    def amounts(self, facts: Facts) -> Floats:
        """What to add to scores: finite float64 of shape (n,), 0 where unknown.

        Raises:
            DataError: A column does not have n values.
        """
        return self._known_or(0.0, facts)

    def _known_or(self, neutral: float, facts: Facts) -> Floats:
        numbers = evaluate_number(self.tree, facts)
        numbers[np.isnan(numbers)] = neutral
        return numbers


def parse_filter(text: str, *, known: Known | None = None) -> Filter:
    """Reads a filter, such as ``price < 100 and "sale" in categories``.

    Args:
        text: The expression.
        known: Attributes that exist, where names are to be checked.

    Raises:
        ExpressionError: It cannot be read, is too large, is no condition, or reads an
            attribute that does not exist.
    """
    source = Source(text)
    tree = parse(source)
    check_condition(source, tree)
    _check_names(source, tree, known or {})
    return Filter(tree)


def parse_boost(text: str, *, known: Known | None = None) -> Boost:
    """Reads a boost, such as ``if(brand = user.brand, 1.5, 1) / (1 + age_days(created))``.

    Args:
        text: The expression.
        known: Attributes that exist, where names are to be checked.

    Raises:
        ExpressionError: It cannot be read, is too large, is no number, or reads an
            attribute that does not exist.
    """
    source = Source(text)
    tree = parse(source)
    check_number(source, tree)
    _check_names(source, tree, known or {})
    return Boost(tree)


def _check_names(source: Source, tree: Node, known: Known) -> None:
    for node, _ in walk(tree):
        if isinstance(node, Attribute) and node.name not in known.get(node.scope, (node.name,)):
            guess = words.nearest(node.name, known[node.scope])
            hint = words.did_you_mean(guess and str(Attribute(node.scope, guess)))
            message = f"the {node.scope} has no attribute {quoted(node.name)}"
            raise source.error(message, node.place, hint=hint)
