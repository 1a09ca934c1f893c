"""Tags: readable things that items share, sorted by facet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from zhiyin.core.histories import Floats


class Tag(NamedTuple):
    """A facet, such as "category" or "maker", and a name within it."""

    facet: str
    name: str

    def __str__(self) -> str:
        return f"{self.facet}:{self.name}"


@dataclass(frozen=True, eq=False)
class TagTable:
    """Which item has which tag.

    Attributes:
        tags: The distinct tags, by column.
        matrix: Ones, float32 of shape (n_items, n_tags), rows with sorted columns.
    """

    tags: tuple[Tag, ...]
    matrix: csr_matrix

    @cached_property
    def index(self) -> dict[Tag, int]:
        """The column of each tag."""
        return {tag: column for column, tag in enumerate(self.tags)}

    @cached_property
    def by_name(self) -> dict[str, list[int]]:
        """The columns that go by a name, whatever the case."""
        found: dict[str, list[int]] = {}
        for column, tag in enumerate(self.tags):
            found.setdefault(tag.name.casefold(), []).append(column)
        return found

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Items that have each tag, shape (n_tags,)."""
        return np.bincount(self.matrix.indices, minlength=len(self.tags)).astype(np.int64)

    @cached_property
    def base_rates(self) -> Floats:
        """Share of the items that have each tag, shape (n_tags,), above 0, at most 1."""
        n = max(1, self.matrix.shape[0])
        return (np.maximum(self.counts, 1) / n).astype(np.float32)

    def columns_of(self, text: str) -> list[int]:
        """The columns that "facet:name", or a name alone, stands for; none if unknown."""
        facet, _, name = text.partition(":")
        known = self.index.get(Tag(facet.strip().casefold(), name.strip()))
        if known is not None:
            return [known]
        named = self.by_name.get(name.strip().casefold(), []) if name else []
        exact = [c for c in named if self.tags[c].facet == facet.strip().casefold()]
        return exact or self.by_name.get(text.strip().casefold(), [])

    def extended(self, rows: Sequence[Sequence[Tag]]) -> TagTable:
        """With more items; of their tags those count that are known already."""
        added = tag_rows(rows, self.index)
        return TagTable(self.tags, csr_matrix(vstack([self.matrix, added], format="csr")))

    def replaced(self, places: Sequence[int], rows: Sequence[Sequence[Tag]]) -> TagTable:
        """With the tags of some items (by row) read anew; unknown tags are left out."""
        n = self.matrix.shape[0]
        order = np.arange(n)
        order[list(places)] = n + np.arange(len(rows))
        both = csr_matrix(vstack([self.matrix, tag_rows(rows, self.index)], format="csr"))
        return TagTable(self.tags, csr_matrix(both[order]))


def tag_table(rows: Sequence[Sequence[Tag]]) -> TagTable:
    """The table of n items from the tags of each; columns are in the order of the alphabet."""
    tags = sorted({tag for row in rows for tag in row})
    index = {tag: column for column, tag in enumerate(tags)}
    return TagTable(tuple(tags), tag_rows(rows, index))


def tag_rows(rows: Sequence[Sequence[Tag]], index: dict[Tag, int]) -> csr_matrix:
    """Ones, shape (len(rows), len(index)); tags without a column are left out."""
    found = [sorted({index[tag] for tag in row if tag in index}) for row in rows]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in found])]).astype(np.int32)
    indices = np.array([column for row in found for column in row], dtype=np.int32)
    data = np.ones(len(indices), dtype=np.float32)
    return csr_matrix((data, indices, indptr), shape=(len(rows), len(index)))
