"""Keywords of the few texts that came after an index was built."""

from __future__ import annotations

from collections import Counter, defaultdict

from zhiyin.core.histories import Floats
from zhiyin.encode.text.keywords import KeywordIndex

_REPEATED = 3


class RecentKeywords:
    """New and edited texts, scored with the statistics of the index that they came after.

    Args:
        index: The index; its own scores of edited texts are to be ignored.
    """

    def __init__(self, index: KeywordIndex) -> None:
        self._index = index
        self._counts: dict[int, Counter[str]] = {}
        self._holders: defaultdict[str, set[int]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._counts)

    def put(self, row: int, text: str) -> None:
        """Reads a text, in place of the one that stood in its row."""
        self.drop(row)
        counts = Counter(self._index.tokens(text))
        self._counts[row] = counts
        for token in counts:
            self._holders[token].add(row)

    def drop(self, row: int) -> None:
        """Forgets the text of a row; one that is not there is ignored."""
        for token in self._counts.pop(row, ()):
            self._holders[token].discard(row)

    def add_to(self, scores: Floats, query: str) -> None:
        """Writes the BM25 scores of these texts into an array of shape (n,), in place."""
        for row in self._counts:
            scores[row] = 0.0
        for token, asked in Counter(self._index.tokens(query)).items():
            for row in self._holders.get(token, ()):
                counts = self._counts[row]
                weight = self._index.weight(token, count=counts[token], length=counts.total())
                scores[row] += min(asked, _REPEATED) * weight
