"""Readers of one column each: learned from a catalogue, applied to any item."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays, TextEncoder
from zhiyin.encode.attributes.kinds import number_of, tags_of
from zhiyin.encode.space import TextSpace
from zhiyin.encode.text.cleaning import clean

_WORD = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\\W_]+")
_TAG_ITEMS = 2
_WORD_ITEMS = 3
_COMMON = 0.2
"""Words of more than this share of the items say nothing."""
_MOST_WORDS = 50_000
_READ = 2_000
"""Characters of a text whose words are counted."""
_QUANTILES = 1_025
_CENTRES = 33
_WIDTH = 0.06
"""Numbers are compared by rank; at this distance of ranks likeness falls to exp(-1/4)."""


class Reader(Protocol):
    """Turns the values of a column into comparable rows."""

    def fit(self, column: Sequence[Any]) -> Floats | csr_matrix:
        """Learns from a catalogue's column, and reads it."""
        ...

    def read(self, column: Sequence[Any]) -> Floats | csr_matrix:
        """Rows of length 1, or zeros: shape (len(column), d)."""
        ...

    def state(self) -> Arrays:
        """What ``fit`` learned."""
        ...

    def restore(self, arrays: Arrays) -> Self:
        """Takes a state back."""
        ...


class MeaningReader:
    """Texts as whitened vectors of an encoder."""

    def __init__(self, encoder: TextEncoder) -> None:
        self._space = TextSpace(encoder)

    def fit(self, column: Sequence[Any]) -> Floats:
        """See `Reader.fit`."""
        return self._space.fit(_texts(column)).vectors

    def read(self, column: Sequence[Any]) -> Floats:
        """See `Reader.read`."""
        return self._space.encode(_texts(column)).vectors

    def state(self) -> Arrays:
        """See `Reader.state`."""
        return self._space.state()

    def restore(self, arrays: Arrays) -> Self:
        """See `Reader.restore`."""
        self._space.restore(arrays)
        return self


class _Vocabulary:
    """Rows of idf weights over a vocabulary."""

    _names: dict[str, int]
    _idf: Floats

    def _learn(self, rows: Sequence[Sequence[str]], *, least: int, most: float) -> None:
        counts = Counter(chain.from_iterable(map(set, rows)))
        kept = [
            (n, name) for name, n in counts.items() if least <= n <= max(least, most * len(rows))
        ]
        kept = sorted(kept, key=lambda pair: (-pair[0], pair[1]))[:_MOST_WORDS]
        self._names = {name: place for place, (_, name) in enumerate(kept)}
        self._idf = np.array([1 + np.log(len(rows) / n) for n, _ in kept], dtype=np.float32)

    def _rows(self, rows: Sequence[Sequence[str]]) -> csr_matrix:
        found = [[self._names[t] for t in dict.fromkeys(r) if t in self._names] for r in rows]
        indptr = np.concatenate([[0], np.cumsum([len(r) for r in found])])
        columns = np.fromiter(chain.from_iterable(found), dtype=np.int32, count=int(indptr[-1]))
        weights = self._idf[columns]
        rows_of = np.repeat(np.arange(len(found)), np.diff(indptr))
        lengths = np.sqrt(np.bincount(rows_of, np.square(weights), minlength=len(found)))
        weights = weights / np.maximum(lengths, 1e-9)[rows_of]
        shape = (len(found), max(1, len(self._names)))
        result = csr_matrix((weights.astype(np.float32), columns, indptr), shape=shape)
        result.sort_indices()
        return result

    def state(self) -> Arrays:
        """See `Reader.state`."""
        text = json.dumps(list(self._names), ensure_ascii=False).encode("utf-8", "surrogatepass")
        return {"names": np.frombuffer(text, dtype=np.uint8), "idf": self._idf}

    def restore(self, arrays: Arrays) -> Self:
        """See `Reader.restore`."""
        names = json.loads(arrays["names"].tobytes().decode("utf-8", "surrogatepass"))
        self._names = {name: place for place, name in enumerate(names)}
        self._idf = arrays["idf"]
        return self


class TagReader(_Vocabulary):
    """Tags that at least two items bear, rare ones counting more."""

    def fit(self, column: Sequence[Any]) -> csr_matrix:
        """See `Reader.fit`."""
        rows = [tags_of(value) for value in column]
        self._learn(rows, least=_TAG_ITEMS, most=1.0)
        return self._rows(rows)

    def read(self, column: Sequence[Any]) -> csr_matrix:
        """See `Reader.read`."""
        return self._rows([tags_of(value) for value in column])


class WordReader(_Vocabulary):
    """Words and pairs of neighbouring words (in Chinese, characters), rare ones counting more."""

    def fit(self, column: Sequence[Any]) -> csr_matrix:
        """See `Reader.fit`."""
        rows = self._words(column)
        self._learn(rows, least=_WORD_ITEMS, most=_COMMON)
        return self._rows(rows)

    def read(self, column: Sequence[Any]) -> csr_matrix:
        """See `Reader.read`."""
        return self._rows(self._words(column))

    def _words(self, column: Sequence[Any]) -> list[list[str]]:
        rows = [_WORD.findall(clean(text[:_READ])[0].casefold()) for text in _texts(column)]
        return [[*row, *_pairs(row)] for row in rows]


class NumberReader:
    """Numbers by rank, as bumps around the rank: near ranks are alike."""

    _quantiles: NDArray[np.float64]

    def fit(self, column: Sequence[Any]) -> Floats:
        """See `Reader.fit`."""
        known = np.array([n for n in map(number_of, column) if n is not None], dtype=np.float64)
        places = np.linspace(0, 1, min(_QUANTILES, max(2, len(known))))
        found = np.quantile(known if len(known) else np.zeros(1), places)
        self._quantiles = np.asarray(found, dtype=np.float64)
        return self.read(column)

    def read(self, column: Sequence[Any]) -> Floats:
        """See `Reader.read`."""
        numbers = [number_of(value) for value in column]
        known = np.array([n is not None for n in numbers], dtype=np.bool_)
        values = np.array([0.0 if n is None else n for n in numbers])
        low = np.searchsorted(self._quantiles, values, side="left")
        high = np.searchsorted(self._quantiles, values, side="right")
        ranks = (low + high - 1) / 2 / max(1, len(self._quantiles) - 1)
        centres = np.linspace(-0.1, 1.1, _CENTRES)
        # Bumps of half the squared width multiply to a bump of the width.
        bumps = np.exp(-np.square((ranks.clip(0, 1)[:, None] - centres) / _WIDTH))
        bumps /= np.linalg.norm(bumps, axis=1, keepdims=True)
        return np.where(known[:, None], bumps, 0.0).astype(np.float32)

    def state(self) -> Arrays:
        """See `Reader.state`."""
        return {"quantiles": self._quantiles}

    def restore(self, arrays: Arrays) -> Self:
        """See `Reader.restore`."""
        self._quantiles = arrays["quantiles"]
        return self


def _texts(column: Iterable[Any]) -> list[str]:
    return ["" if value is None else str(value) for value in column]


def _pairs(words: Sequence[str]) -> list[str]:
    return [f"{a} {b}" for a, b in pairwise(words)]
