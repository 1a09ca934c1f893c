"""Which tags a text speaks of: a search, or a wish in the user's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.sparse import csr_matrix

from zhiyin.core.histories import Floats
from zhiyin.encode.text.cleaning import CleaningConfig, clean
from zhiyin.models.profile.tags import TagTable
from zhiyin.models.profile.topics import joined, words_of

_READ = CleaningConfig(max_characters=500)
_NEAR = 0.6
"""Cosine from which a tag's name means what a short text says (USE: 户外 and outdoor have .79)."""
_MOST = 4
_LONGEST_PHRASE = 4


class TagMatcher:
    """Finds tags by their names in a text, and by meaning where an encoder understands both.

    Args:
        table: The tags.
    """

    def __init__(self, table: TagTable) -> None:
        self._table = table
        self._names = table.by_name

    def by_words(self, text: str) -> list[int]:
        """Columns of the tags whose names stand in the text, in ascending order."""
        words = words_of(text)
        plain = clean(text, _READ)[0].casefold()
        found = set(self._names.get(plain, ()))
        for start in range(len(words)):
            name = spaced = ""
            for word in words[start : start + _LONGEST_PHRASE]:
                name = joined(name, word) if name else word
                spaced = f"{spaced} {word}".strip()
                for form in (name, spaced):
                    found.update(self._names.get(form, ()))
        return sorted(found)

    def match(self, texts: Sequence[str], nearness: Floats | None) -> list[dict[int, float]]:
        """How much each text is about each tag, 0..1: its columns, ascending, and shares.

        Args:
            texts: Searches or wishes.
            nearness: Cosines of texts and names of tags, shape (len(texts), n_tags), where
                an encoder gave them.
        """
        return [
            self._row(text, None if nearness is None else nearness[at])
            for at, text in enumerate(texts)
        ]

    def _row(self, text: str, nearness: Floats | None) -> dict[int, float]:
        row = dict.fromkeys(self.by_words(text), 1.0)
        if nearness is not None:
            near: list[int] = np.argsort(-nearness, kind="stable")[:_MOST].tolist()
            for tag in near:
                if nearness[tag] >= _NEAR and tag not in row:
                    row[tag] = float(nearness[tag])
        return dict(sorted(row.items()))


def as_matrix(rows: Sequence[Mapping[int, float]], n_tags: int) -> csr_matrix:
    """Rows of (column: value), columns ascending, as float32 of shape (len(rows), n_tags)."""
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int32)
    indices = np.array([tag for row in rows for tag in row], dtype=np.int32)
    data = np.array([share for row in rows for share in row.values()], dtype=np.float32)
    return csr_matrix((data, indices, indptr), shape=(len(rows), n_tags))
