"""Stable 64-bit keys for ids and events.

Keys must be the same on every machine, in every version and in every process, so they
come from BLAKE2b over the id's UTF-8 bytes, and from SplitMix64 where keys are combined.
They are signed 64-bit integers, because that is what SQL stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

IntKeys = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_CHUNK = 1 << 15
"""Rows at a time, so that what passes between two steps stays in the processor's cache."""


def id_key(entity_id: str) -> int:
    """The key of one id."""
    digest = blake2b(entity_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def id_keys(ids: Iterable[str]) -> IntKeys:
    """The keys of many distinct ids, in order, shape (n,)."""
    joined = b"".join(
        blake2b(i.encode("utf-8", "surrogatepass"), digest_size=8).digest() for i in ids
    )
    return np.frombuffer(joined, dtype="<i8").astype(np.int64)


def mix(keys: IntKeys) -> IntKeys:
    """SplitMix64 finaliser: a bijection that scatters its input (Steele et al., 2014)."""
    with np.errstate(over="ignore"):
        z = keys.view(np.uint64) + _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * _MIX_1
        z = (z ^ (z >> np.uint64(27))) * _MIX_2
        return (z ^ (z >> np.uint64(31))).view(np.int64)


def combine(columns: Sequence[IntKeys]) -> IntKeys:
    """One key per row from several columns of keys; the order of columns matters.

    Args:
        columns: Arrays of shape (n,).

    Returns:
        Array of shape (n,).
    """
    result = np.empty(len(columns[0]), dtype=np.int64)
    for start in range(0, len(result), _CHUNK):
        rows = slice(start, start + _CHUNK)
        part = mix(columns[0][rows])
        for column in columns[1:]:
            with np.errstate(over="ignore"):
                part = mix((part.view(np.uint64) * _MIX_1).view(np.int64) ^ mix(column[rows]))
        result[rows] = part
    return result


def tie_order(ids: Sequence[str]) -> NDArray[np.int32]:
    """The rank of each id under its key: how ties between equal scores are broken.

    Args:
        ids: The n item ids, by item index.

    Returns:
        A permutation of 0..n-1; the smaller rank wins a tie.
    """
    order = np.argsort(id_keys(ids), kind="stable")
    ranks = np.empty(len(order), dtype=np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    return ranks
