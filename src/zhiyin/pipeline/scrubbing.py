"""Takes a user or an item out of a model's arrays: ids and histories, row by row.

What a model learned from everybody together (weights between items, networks) stays: no row of
it is one person's. Rows that are one person's are cut out; members that keep such rows are
named here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.named_arrays import group_of, under
from zhiyin.core.protocols import Arrays
from zhiyin.data.vocabulary import Vocabulary, blank_id
from zhiyin.pipeline.tombstones import Tombstone

_ROWS_OF_USERS = frozenset({"user-knn", "dual-ease"})
"""Members that hold a row per user of the training, in the vocabulary's order."""
STATES = "state-knn"
"""A member that holds moments of histories in no order of users."""


def concerned(manifest: Mapping[str, Any], stones: Iterable[Tombstone]) -> list[Tombstone]:
    """The erasures that came after a model's data were read."""
    learned = int(manifest.get("last_seq", 0))
    return [stone for stone in stones if learned <= stone.seq]


def scrubbed(
    manifest: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    stones: Iterable[Tombstone],
) -> tuple[Arrays, int]:
    """The arrays that change when what was erased is taken out of a model.

    Args:
        manifest: The model's manifest.
        arrays: Its arrays, by path.
        stones: What was erased.

    Returns:
        New arrays by path, none where the model knows nothing of it; and how many ids,
        events and rows of members went.
    """
    changed: Arrays = {}
    gone = 0
    for kind in ("user", "item"):
        name = f"{kind}s"
        keys = np.array(sorted({s.key for s in stones if s.kind == kind}), dtype=np.int64)
        if not len(keys) or f"{name}/ends" not in arrays:
            continue
        vocabulary = Vocabulary.from_arrays(group_of(dict(arrays), name))
        rows = vocabulary.locate(keys)
        rows = rows[rows >= 0]
        if not len(rows):
            continue
        chosen: list[int] = rows.tolist()
        ids = list(vocabulary.ids)
        for row in chosen:
            ids[row] = blank_id()
        changed |= under(name, Vocabulary(ids).arrays())
        gone += len(rows)
        if kind == "user":
            gone += _cut_users(manifest, arrays, rows, changed)
    return changed, gone


def _cut_users(
    manifest: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    rows: NDArray[np.int32],
    changed: Arrays,
) -> int:
    """Empties the rows of some users wherever there is one per user."""
    n = len(arrays["histories/indptr"]) - 1
    columns = [f"histories/{name}" for name in ("items", "weights", "times")]
    gone = _cut("histories/indptr", columns, rows, arrays, changed)
    for i, member in enumerate(manifest.get("members", [])):
        at = f"members/{i}"
        if member["name"] in _ROWS_OF_USERS and len(arrays[f"{at}/indptr"]) == n + 1:
            gone += _cut(f"{at}/indptr", [f"{at}/data", f"{at}/indices"], rows, arrays, changed)
    return gone


def _cut(
    starts: str,
    columns: list[str],
    rows: NDArray[np.int32],
    arrays: Mapping[str, NDArray[Any]],
    changed: Arrays,
) -> int:
    indptr = np.asarray(arrays[starts])
    lengths = np.diff(indptr)
    keep = np.ones(len(lengths), dtype=np.bool_)
    keep[rows] = False
    entries = np.repeat(keep, lengths)
    for name in columns:
        if name in arrays:
            changed[name] = np.asarray(arrays[name])[entries]
    shorter = np.concatenate([[0], np.cumsum(np.where(keep, lengths, 0))])
    changed[starts] = shorter.astype(indptr.dtype)
    return int((~entries).sum())
