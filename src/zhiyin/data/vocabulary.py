"""Growable vocabularies: an index for every id, that never changes once given."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.keys import id_keys, tie_order

BLANK = "\x00erased-"
"""What the id of an erased entry begins with: no program can send such an id."""


def blank_id() -> str:
    """An id that nobody has and nobody can ask for."""
    return BLANK + secrets.token_hex(8)


class Vocabulary:
    """Ids and their indices 0..n-1, in order of arrival.

    Args:
        ids: Distinct ids.
        keys: Their 64-bit keys where known already, shape (n,).
    """

    def __init__(self, ids: Sequence[str], *, keys: NDArray[np.int64] | None = None) -> None:
        self.ids = list(ids)
        self.keys = id_keys(self.ids) if keys is None else keys

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def index(self) -> dict[str, int]:
        """The index of each id."""
        return {entity_id: i for i, entity_id in enumerate(self.ids)}

    @cached_property
    def tie_order(self) -> NDArray[np.int32]:
        """How ties between these ids are broken; see `zhiyin.core.keys.tie_order`."""
        return tie_order(self.ids)

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        order = np.argsort(self.keys, kind="stable").astype(np.int32)
        return self.keys[order], order

    def locate(self, keys: NDArray[np.int64]) -> NDArray[np.int32]:
        """The index of each key, int32 of the same shape; -1 for keys that are absent."""
        ordered, order = self._sorted
        if not len(ordered):
            return np.full(keys.shape, -1, dtype=np.int32)
        at = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
        return np.where(ordered[at] == keys, order[at], np.int32(-1)).astype(np.int32)

    def extended(self, ids: Sequence[str]) -> Vocabulary:
        """With ids that were absent added at the end; indices given before stay."""
        fresh = [i for i in dict.fromkeys(ids) if i not in self.index]
        return Vocabulary([*self.ids, *fresh]) if fresh else self

    def forget(self, row: int) -> None:
        """Blanks the id of an entry; the indices of the others stay."""
        gone, blank = self.ids[row], blank_id()
        self.ids[row] = blank
        self.index.pop(gone, None)
        keys = self.keys.copy()
        keys[row] = id_keys([blank])[0]
        self.keys = keys
        self.__dict__.pop("_sorted", None)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """As two arrays: the UTF-8 bytes of all ids, and where each ends."""
        encoded = [i.encode("utf-8", "surrogatepass") for i in self.ids]
        ends = np.cumsum([len(e) for e in encoded], dtype=np.int64)
        return {"bytes": np.frombuffer(b"".join(encoded), dtype=np.uint8), "ends": ends}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Vocabulary:
        """The inverse of `arrays`."""
        data = arrays["bytes"].tobytes()
        ends = arrays["ends"].tolist()
        starts = [0, *ends][: len(ends)]
        return cls(
            [data[a:b].decode("utf-8", "surrogatepass") for a, b in zip(starts, ends, strict=True)]
        )
