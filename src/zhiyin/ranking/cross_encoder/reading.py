"""[CLS] query [SEP] item [SEP]: two texts as one row of pieces, and pieces as vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays

Ids = NDArray[np.int64]


class Reader(Protocol):
    """The tokeniser of a backbone, and the vectors of its pieces (they are not fine-tuned)."""

    begin: int
    """The piece [CLS]."""
    end: int
    """The piece [SEP]."""
    two_segments: bool
    """Whether the backbone tells the second text from the first."""

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """The pieces of texts, without marks."""
        ...

    def vectors(self, ids: Ids) -> Floats:
        """The vectors of pieces: of shape (*ids.shape, dim)."""
        ...

    def state(self) -> Arrays:
        """What serving needs of it that no package brings."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pairs as a padded matrix.

    Attributes:
        ids: Pieces, int64 of shape (n, t), 0 beyond the end of a pair.
        segments: 0 for [CLS] query [SEP], 1 for item [SEP]; int64 of shape (n, t).
        mask: 1 for a piece, 0 for padding; int64 of shape (n, t).
    """

    ids: Ids
    segments: Ids
    mask: Ids

    def __len__(self) -> int:
        return len(self.ids)


Pair = tuple[list[int], int]
"""The pieces of a pair with their marks, and how many belong to [CLS] query [SEP]."""


def joined(
    reader: Reader, query: Sequence[int], item: Sequence[int], *, max_tokens: int, max_query: int
) -> Pair:
    """A pair as one row: the query cut to ``max_query`` pieces, the item to what is left."""
    head = [reader.begin, *query[: min(max_query, max_tokens - 4)], reader.end]
    return [*head, *item[: max_tokens - len(head) - 1], reader.end], len(head)


def padded_pairs(pairs: Sequence[Pair], *, two_segments: bool) -> Batch:
    """Pairs as a batch, as wide as the longest."""
    width = max((len(ids) for ids, _ in pairs), default=0)
    ids = np.zeros((len(pairs), width), dtype=np.int64)
    segments, mask = np.zeros_like(ids), np.zeros_like(ids)
    for row, (pieces, head) in enumerate(pairs):
        ids[row, : len(pieces)] = pieces
        mask[row, : len(pieces)] = 1
        if two_segments:
            segments[row, head : len(pieces)] = 1
    return Batch(ids, segments, mask)
