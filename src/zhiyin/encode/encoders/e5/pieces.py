"""Segmentation into the pieces of XLM-RoBERTa, each word once.

No piece of that vocabulary holds a space but at its start, so the best segmentation of a
text is that of its words, one after the other; the ``tokenizers`` library finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

from tokenizers.models import Unigram

from zhiyin.encode.encoders.e5.weights import Vocabulary

_SPACE = "\u2581"
_MOST_WORDS = 200_000
"""Words remembered: some 40 MB."""
_LONGEST = 48
"""Longer runs (Chinese sentences) hardly come again and are not remembered."""


class Pieces:
    """Segments texts; may be used by several threads.

    Args:
        vocabulary: The pieces.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._begin, self._end = vocabulary.begin, vocabulary.end
        self._unknown = vocabulary.unknown
        self._normal = vocabulary.normal
        self._model: Any = Unigram(vocabulary.pieces, vocabulary.unknown, False)
        self._words: dict[str, list[int]] = {}
        self._lock = Lock()

    def segment(
        self, texts: Sequence[str], *, prefix: str, most: int
    ) -> tuple[list[list[int]], list[bool]]:
        """The pieces of texts, opened and closed, and which texts were longer.

        Args:
            texts: Cleaned texts: single spaces between words, none at the ends.
            prefix: Words put before each text.
            most: Pieces read of each text, prefix, opening and closing among them.
        """
        with self._lock:
            if len(self._words) > _MOST_WORDS:
                self._words = {}
            head = [self._begin, *self._content(prefix)]
            found = [head + self._content(text) for text in texts]
        return [[*ids[: most - 1], self._end] for ids in found], [len(i) >= most for i in found]

    def _content(self, text: str) -> list[int]:
        ids: list[int] = []
        for word in text.split(" "):
            pieces = self._words.get(word)
            ids += self._learn(word) if pieces is None else pieces
        return ids

    def _learn(self, word: str) -> list[int]:
        pieces: list[int] = []
        # The normal form of one word may be several, or none.
        for part in word.translate(self._normal).split():
            for token in self._model.tokenize(_SPACE + part):
                # The library joins unknown characters; the network knows them one by one.
                unknown = token.id == self._unknown
                pieces += [self._unknown] * len(token.value) if unknown else [token.id]
        if len(word) <= _LONGEST:
            self._words[word] = pieces
        return pieces
