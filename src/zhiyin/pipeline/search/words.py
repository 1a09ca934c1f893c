"""The words of a catalogue: an index, and what came after it was built."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from zhiyin.core.errors import MissingExtraError
from zhiyin.core.histories import Floats
from zhiyin.core.registry import load_path

if TYPE_CHECKING:
    from zhiyin.encode.text.keywords import KeywordIndex
    from zhiyin.encode.text.recent import RecentKeywords

_KEYWORDS = "zhiyin.encode.text.keywords:KeywordIndex"
_RECENT = "zhiyin.encode.text.recent:RecentKeywords"


class WordIndex:
    """Keyword scores of items numbered by row of the catalogue.

    Without the extra ``text`` no word is ever found, and ``missing`` says so.
    """

    def __init__(self) -> None:
        self.missing = ""
        self._base: KeywordIndex | None = None
        self._recent: RecentKeywords | None = None
        self._n = 0
        try:
            self._take(load_path(_KEYWORDS)().build([]))
        except MissingExtraError as error:
            self.missing = f"words are not searched for: {error}"

    @property
    def changes(self) -> int:
        """Texts that came since the index was built."""
        return 0 if self._recent is None else len(self._recent)

    def build(self, texts: Sequence[str]) -> Self:
        """Takes the texts of all items, in place of all before."""
        self._n = len(texts)
        if not self.missing:
            self._take(load_path(_KEYWORDS)().build(texts))
        return self

    def put(self, row: int, text: str) -> None:
        """Adds or replaces the text of an item; an empty one is not found any more."""
        self._n = max(self._n, row + 1)
        if self._recent is not None:
            self._recent.put(row, text)

    def scores(self, query: str) -> Floats:
        """The BM25 score of every item, float32 of shape (n,)."""
        result = np.zeros(self._n, dtype=np.float32)
        if self._base is not None and self._recent is not None:
            result[: len(self._base)] = self._base.scores(query)
            self._recent.add_to(result, query)
        return result

    def shared(self, query: str, text: str) -> list[str]:
        """The words of a query that a text holds, as the index reads them."""
        if self._base is None:
            return []
        held = set(self._base.tokens(text))
        return [token for token in dict.fromkeys(self._base.tokens(query)) if token in held]

    def save(self, folder: Path) -> None:
        """Writes the index as it was built; later texts are read again from the store."""
        if self._base is not None:
            self._base.save(folder)

    def load(self, folder: Path) -> Self:
        """Takes a saved index back.

        Raises:
            ArtifactError: The folder holds none, or a damaged one.
        """
        if not self.missing:
            self._take(load_path(_KEYWORDS).load(folder))
        return self

    def _take(self, base: KeywordIndex) -> None:
        self._base = base
        self._recent = load_path(_RECENT)(base)
        self._n = max(self._n, len(base))
