"""What an expression is evaluated over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from zhiyin.core.errors import DataError
from zhiyin.policy.expressions.columns import Column, read_column, read_single
from zhiyin.policy.expressions.leaves import Attribute
from zhiyin.policy.expressions.values import Numbers, Value


class Facts:
    """The attributes of n candidate items, of the user and of the context.

    Filters and boosts over the same facts read each attribute once. An attribute that a
    mapping lacks is missing for all.

    Args:
        n: Number of candidates.
        items: A column of length n by attribute: a polars series or a numpy array.
        user: What is known of the user: text, number, bool, date, list or None by attribute.
        context: The same of the query's context.
        now: The present, in milliseconds since the epoch.

    Raises:
        DataError: On reading a column, that it has no n values.
    """

    def __init__(
        self,
        n: int,
        *,
        now: int,
        items: Mapping[str, Column] | None = None,
        user: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        self.n = n
        self.now = now
        self._items = items or {}
        self._singles = {"user": user or {}, "context": context or {}}
        self._read: dict[tuple[str, str], Value] = {}

    def value(self, attribute: Attribute) -> Value:
        """An attribute, ready to be reckoned with."""
        key = (attribute.scope, attribute.name)
        if key not in self._read:
            self._read[key] = self._value(attribute)
        return self._read[key]

    def _value(self, attribute: Attribute) -> Value:
        if attribute.scope != "item":
            return read_single(self._singles[attribute.scope].get(attribute.name))
        column = self._items.get(attribute.name)
        if column is None:
            return Numbers(np.full(1, np.nan))
        if column.shape != (self.n,):
            shape = " x ".join(map(str, column.shape))
            raise DataError(
                f"the column {attribute} is {shape} long; there are {self.n} candidates"
            )
        return read_column(column)
