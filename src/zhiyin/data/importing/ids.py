"""Ids to 64-bit keys, hashing each distinct id once however many rows it has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.core import schema
from zhiyin.core.keys import IntKeys, id_keys


class IdEncoder:
    """Codes of the ids seen so far, and the key of each code.

    Args:
        null_values: Texts that stand for a missing id.
        remember: Whether `fresh` will be asked for the ids.
    """

    def __init__(self, null_values: Sequence[str], *, remember: bool = True) -> None:
        self._remember = remember
        self._null_values = list(null_values)
        self._categories = pl.Categories.random()
        self._alive = pl.Series(dtype=pl.Categorical(self._categories))
        """Categories forget their texts with the last column that uses them."""
        self._keys = np.empty(0, dtype=np.int64)
        self._missing = np.empty(0, dtype=np.bool_)
        self._fresh: list[pl.DataFrame] = []

    def encode(self, column: pl.Series) -> tuple[IntKeys, NDArray[np.bool_]]:
        """The key of each id, and whether it is missing; both of shape (rows,)."""
        text = as_ids(column)
        codes = text.cast(pl.Categorical(self._categories)).to_physical()
        self._learn(text, codes)
        missing = codes.is_null().to_numpy()
        if not len(self._keys):
            return np.zeros(len(codes), dtype=np.int64), np.ones(len(codes), dtype=np.bool_)
        rows = codes.fill_null(0).to_numpy()
        return self._keys[rows], missing | self._missing[rows]

    def fresh(self, keys: pl.Series) -> pl.DataFrame:
        """Those of the keys that were not handed out before, as entities without attributes."""
        pending = pl.concat([pl.DataFrame(schema=schema.ENTITIES), *self._fresh])
        used = pl.col("key").is_in(keys.drop_nulls().unique().implode())
        self._fresh = [pending.filter(~used)]
        return pending.filter(used).unique("key", maintain_order=True)

    def _learn(self, text: pl.Series, codes: pl.Series) -> None:
        """Hashes the ids that have not been met; codes are given in order of arrival."""
        new = pl.DataFrame({"code": codes, "id": text}).filter(pl.col("code") >= len(self._keys))
        if not new.height:
            return
        ids = new.unique("code").sort("code")["id"].str.strip_chars()
        missing = ids.is_in(self._null_values) | (ids == "")
        keys = id_keys(ids.to_list())
        self._keys = np.concatenate([self._keys, keys])
        self._missing = np.concatenate([self._missing, missing.to_numpy()])
        if self._remember:
            stubs = pl.DataFrame({"key": keys, "id": ids}).filter(~missing)
            self._fresh.append(stubs.with_columns(attributes=pl.lit(None, pl.String)))


def as_ids(column: pl.Series) -> pl.Series:
    """A column as text; whole numbers that came as floats lose their ``.0``."""
    if column.dtype.is_float():
        whole = column.cast(pl.Int64, strict=False)
        if bool((whole.cast(column.dtype) == column).all()):
            column = whole
    return column.cast(pl.String)
