"""Filters and boosts of surfaces and requests over the item table.

What reads nothing but items, and no clock, is worked out once for the whole catalogue and
looked up afterwards; anything else is worked out for the candidates of the query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.pipeline.slating.attributes import ItemTable
from zhiyin.policy.expressions import Boost, Facts, Filter, parse_boost, parse_filter

Items = NDArray[np.integer]
User = Callable[[], Mapping[str, Any]]


@lru_cache(maxsize=512)
def read_filter(text: str) -> Filter:
    """A filter, parsed once."""
    return parse_filter(text)


@lru_cache(maxsize=512)
def read_boost(text: str) -> Boost:
    """A boost, parsed once."""
    return parse_boost(text)


class Catalogued:
    """Expressions over items alone, with their values for the whole catalogue.

    Args:
        table: The items.
    """

    def __init__(self, table: ItemTable) -> None:
        self._table = table
        self._version = -1
        self._known: dict[Filter | Boost, NDArray[Any]] = {}

    def values(self, expression: Filter | Boost, n: int) -> NDArray[Any]:
        """Of every item: whether it is selected, or its factor."""
        if self._version != self._table.version:
            self._version, self._known = self._table.version, {}
        found = self._known.get(expression)
        if found is None:
            facts = Facts(n, now=0, items=self._table.of(expression.reads.item))
            found = _evaluated(expression, facts)
            self._known[expression] = found
        return found


class Conditions:
    """Evaluates expressions for one query.

    Args:
        table: The items, up to date.
        n_items: How many there are.
        catalogued: Keeps what does not depend on the query.
        user: Gives the user's attributes, where they are asked for.
        context: What the request told of the moment.
        now: The present, in milliseconds.
    """

    def __init__(
        self,
        table: ItemTable,
        n_items: int,
        *,
        catalogued: Catalogued,
        user: User,
        context: Mapping[str, Any],
        now: int,
    ) -> None:
        self._table, self._n, self._catalogued = table, n_items, catalogued
        self._user, self._context, self._now = user, context, now

    def selected(self, chosen: Filter, items: Items | None = None) -> NDArray[np.bool_]:
        """Whether items, or all items, pass a filter."""
        return self._values(chosen, items)

    def factors(self, boost: Boost, items: Items) -> NDArray[np.float64]:
        """What a boost multiplies the scores of items with."""
        return self._values(boost, items)

    def _values(self, expression: Filter | Boost, items: Items | None) -> NDArray[Any]:
        reads = expression.reads
        if not (reads.user or reads.context or expression.timely):
            whole = self._catalogued.values(expression, self._n)
            return whole if items is None else whole[items]
        facts = Facts(
            self._n if items is None else len(items),
            now=self._now,
            items=self._table.of(reads.item, items),
            user=self._user() if reads.user else None,
            context=self._context,
        )
        return _evaluated(expression, facts)


def _evaluated(expression: Filter | Boost, facts: Facts) -> NDArray[Any]:
    if isinstance(expression, Filter):
        return expression.select(facts)
    return expression.factors(facts)
