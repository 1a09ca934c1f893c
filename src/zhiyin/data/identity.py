"""The identity of an event: importing it twice changes nothing."""

from __future__ import annotations

import numpy as np
import polars as pl

from zhiyin.core.keys import IntKeys, combine, id_keys

_ABSENT = -(2**63) + 1


def event_keys(frame: pl.DataFrame, *, named: str | None = None) -> IntKeys:
    """The key of each event, shape (n,).

    An event is its id where the sender gave one; else its user, item, type and time, and
    how many events of the same four come before it in the frame, so that true repeats stay.

    Args:
        frame: With ``user_key``, ``item_key``, ``type``, ``timestamp``.
        named: Name of a column with 64-bit keys of given ids, null where there is none.
    """
    types = frame["type"].cast(pl.String)
    distinct = types.unique(maintain_order=True).to_list()
    codes = dict(zip(distinct, id_keys(distinct).tolist(), strict=True))
    base = combine(
        [
            frame["user_key"].to_numpy(),
            frame["item_key"].fill_null(_ABSENT).to_numpy(),
            types.replace_strict(codes, return_dtype=pl.Int64).to_numpy(),
            frame["timestamp"].fill_null(_ABSENT).to_numpy(),
        ]
    )
    keys = combine([base, occurrence(base)])
    if named is None:
        return keys
    given = frame[named].fill_null(0).to_numpy()
    return np.where(frame[named].is_null().to_numpy(), keys, combine([given, given]))


def occurrence(keys: IntKeys) -> IntKeys:
    """How many equal keys come before each, shape (n,)."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    counts = np.diff(np.append(starts, len(keys)))
    result = np.empty(len(keys), dtype=np.int64)
    result[order] = np.arange(len(keys)) - np.repeat(starts, counts)
    return result
