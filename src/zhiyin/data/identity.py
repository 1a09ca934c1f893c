"""The identity of an event: importing it twice changes nothing."""

from __future__ import annotations

import numpy as np
import polars as pl

from zhiyin.core.keys import IntKeys, combine, id_key, id_keys

_ABSENT = -(2**63) + 1
_FEW = 100
"""Rows that cost less one by one than an expression does."""


def event_keys(frame: pl.DataFrame, *, named: str | None = None) -> IntKeys:
    """The key of each event of one frame, shape (n,); see `EventIdentity`."""
    return EventIdentity().keys(frame, named=named)


class EventIdentity:
    """Keys for the events of one file, which may come in several frames.

    An event is its id where the sender gave one; else its user, item, type and time, and
    how many events of the same four come before it in the file, so that true repeats stay.
    """

    def __init__(self) -> None:
        self._before = np.empty(0, dtype=np.int64)

    def keys(self, frame: pl.DataFrame, *, named: str | None = None) -> IntKeys:
        """The key of each event of the next frame, shape (n,).

        Args:
            frame: With ``user_key``, ``item_key``, ``type``, ``timestamp``.
            named: Name of a column with 64-bit keys of given ids, null where there is none.
        """
        base = combine(
            [
                frame["user_key"].to_numpy(),
                _filled(frame["item_key"]),
                _type_keys(frame["type"]),
                _filled(frame["timestamp"]),
            ]
        )
        nth = occurrence(base)
        ordered = np.sort(base)
        if len(self._before):
            nth += self._times_before(base, ordered)
        self._before = np.concatenate([self._before, ordered])
        self._before.sort(kind="stable")
        keys = combine([base, nth])
        if named is None or frame[named].null_count() == len(frame):
            return keys
        given = frame[named].fill_null(0).to_numpy()
        return np.where(frame[named].is_null().to_numpy(), keys, combine([given, given]))

    def _times_before(self, base: IntKeys, ordered: IntKeys) -> IntKeys:
        """How often each key came in earlier frames; few of them did."""
        at = np.minimum(np.searchsorted(self._before, ordered), len(self._before) - 1)
        known = np.unique(ordered[self._before[at] == ordered])
        if not len(known):
            return np.zeros(len(base), dtype=np.int64)
        bounds = (np.searchsorted(self._before, known, side=side) for side in ("left", "right"))
        start, end = bounds
        place = np.minimum(np.searchsorted(known, base), len(known) - 1)
        return np.where(known[place] == base, (end - start)[place], 0)


def occurrence(keys: IntKeys) -> IntKeys:
    """How many equal keys come before each, shape (n,)."""
    result = np.zeros(len(keys), dtype=np.int64)
    ordered = np.sort(keys)
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(repeated):
        return result
    at = np.minimum(np.searchsorted(repeated, keys), len(repeated) - 1)
    rows = np.flatnonzero(repeated[at] == keys)
    codes = at[rows]
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    result[rows[order]] = np.arange(len(rows)) - starts
    return result


def _filled(keys: pl.Series) -> IntKeys:
    return (keys.fill_null(_ABSENT) if keys.null_count() else keys).to_numpy()


def _type_keys(types: pl.Series) -> IntKeys:
    """The key of each type's name."""
    if len(types) < _FEW and types.dtype == pl.String:
        every: list[str] = types.to_list()
        own = {name: id_key(name) for name in set(every)}
        return np.array([own[name] for name in every], dtype=np.int64)
    distinct = types.unique()
    names = distinct.cast(pl.String).to_list()
    if not isinstance(types.dtype, pl.Categorical):
        codes = dict(zip(names, id_keys(names).tolist(), strict=True))
        return types.cast(pl.String).replace_strict(codes, return_dtype=pl.Int64).to_numpy()
    physical = distinct.to_physical().to_numpy()
    table = np.zeros(int(physical.max()) + 1 if len(physical) else 0, dtype=np.int64)
    table[physical] = id_keys(names)
    return table[types.to_physical().to_numpy()]
