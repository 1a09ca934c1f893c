"""All titles as one text, in which words are found at the speed of a text search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_KEPT = 2000
"""Words whose rows are remembered until a title comes."""
_TAIL = 500
"""Titles that are looked at one by one before the text is made anew."""
_END = "\n"
"""Between titles; no folded title holds it."""


class TitleText:
    """Folded titles by row, in order of arrival."""

    def __init__(self) -> None:
        self._titles: list[str] = []
        self._text = ""
        self._starts = np.zeros(0, dtype=np.int64)
        self._rows: dict[str, NDArray[np.int64]] = {}

    def __len__(self) -> int:
        return len(self._titles)

    def append(self, title: str) -> None:
        """Adds the title of the next row."""
        self._titles.append(title)
        self._rows.clear()

    def rows_with(self, word: str) -> NDArray[np.int64]:
        """The rows whose titles hold a text anywhere, ascending; all rows for "".

        Args:
            word: Folded.
        """
        found = self._rows.get(word)
        if found is None:
            if len(self._rows) >= _KEPT:
                self._rows.clear()
            found = self._rows[word] = self._found(word)
        return found

    def _found(self, word: str) -> NDArray[np.int64]:
        if not word:
            return np.arange(len(self._titles))
        if len(self._titles) - len(self._starts) > _TAIL:
            lengths = np.fromiter((len(title) + 1 for title in self._titles), dtype=np.int64)
            self._starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
            self._text = _END.join(self._titles)
        places: list[int] = []
        at = self._text.find(word)
        while at >= 0:
            row = int(np.searchsorted(self._starts, at, side="right")) - 1
            places.append(row)
            end = self._starts[row + 1] if row + 1 < len(self._starts) else len(self._text)
            at = self._text.find(word, int(end))
        first = len(self._starts)
        places += [row for row in range(first, len(self._titles)) if word in self._titles[row]]
        return np.array(places, dtype=np.int64)
