"""Words counted, weighed and compressed: the encoder that needs nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from zhiyin.core.errors import ArtifactError
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays, TextRole
from zhiyin.encode.encoders.base import EncoderConfig, PretrainedEncoder
from zhiyin.encode.text.cleaning import clean

_WORD = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\\W_]+|[\u2600-\u27bf\U0001f000-\U0001faff]"
)
_UNFITTED = "unfitted"
_ROUNDS = 3
_SPARE = 16


class TfidfEncoderConfig(EncoderConfig):
    """Settings of the encoder of last resort."""

    dim: int = Field(default=192, ge=2)
    """Length of a vector; axes that the catalogue cannot fill stay zero."""
    buckets: int = Field(default=2**15, ge=256, le=2**22)
    """Words and their parts share this many counters by their hash."""
    seed: int = 0
    """Of the random directions that are refined into axes."""


class TfidfEncoder(PretrainedEncoder[TfidfEncoderConfig]):
    """Tf-idf of hashed words, compressed by SVD (Deerwester et al., 1990).

    Words are single ones, parts of four letters, and neighbours in Chinese. Before
    ``fit``, every word counts alike and directions are random (Johnson-Lindenstrauss),
    so cosines still tell shared words; after it, axes follow the catalogue.
    """

    Config = TfidfEncoderConfig

    def __init__(self, config: TfidfEncoderConfig | None = None) -> None:
        self.config = config or TfidfEncoderConfig()
        rng = np.random.default_rng(self.config.seed)
        shape = (self.config.buckets, self.config.dim)
        axes = rng.standard_normal(shape, dtype=np.float32)
        axes /= np.float32(np.sqrt(self.config.dim))
        self._set(np.ones(self.config.buckets, dtype=np.float32), axes, _UNFITTED)

    @property
    def id(self) -> str:
        """Settings, and a hash of what was learned."""
        settings = self.config
        return f"tfidf/1/{settings.buckets}x{settings.dim}/{settings.seed}/{self._learned}"

    @property
    def dim(self) -> int:
        """As configured."""
        return self.config.dim

    def fit(self, texts: Sequence[str]) -> Self:
        """Learns which words are rare, and the main axes of the catalogue."""
        cleaned = [clean(text, self.config.cleaning)[0] for text in texts]
        counts = self._counts([text for text in cleaned if text])
        n = counts.shape[0]
        if n < 2:
            return self
        seen = np.bincount(counts.indices, minlength=self.config.buckets)
        idf = (np.log((1.0 + n) / (1.0 + seen)) + 1.0).astype(np.float32)
        weighed = _weighed(counts, idf)
        axes = np.zeros((self.config.buckets, self.config.dim), dtype=np.float32)
        rng = np.random.default_rng(self.config.seed)
        with threadpool_limits(1, "blas"):  # the blocks are too thin to be worth sharing
            found = _leading_axes(weighed, self.config.dim, rng)
        axes[:, : found.shape[1]] = found
        self._set(idf, axes, _hash(idf, axes))
        return self

    def state(self) -> Arrays:
        """Weights of words of shape (buckets,), and axes of shape (buckets, dim), once fitted."""
        if self._learned == _UNFITTED:
            return {}
        return {"idf": self._idf, "axes": self._axes}

    def restore(self, arrays: Arrays) -> Self:
        """Takes a state back."""
        if not arrays:
            return self
        idf, axes = arrays["idf"], arrays["axes"]
        if axes.shape != (self.config.buckets, self.config.dim) or len(idf) != len(axes):
            raise ArtifactError(
                f"a tf-idf state has axes of shape {axes.shape}, and "
                f"{(self.config.buckets, self.config.dim)} is configured",
                hint="train again",
            )
        self._set(idf, axes, _hash(idf, axes))
        return self

    def _set(self, idf: Floats, axes: Floats, learned: str) -> None:
        self._idf, self._axes, self._learned = idf, axes, learned

    def _vectors(self, texts: list[str], role: TextRole) -> Floats:
        return np.asarray(_weighed(self._counts(texts), self._idf) @ self._axes, dtype=np.float32)

    def _counts(self, texts: list[str]) -> csr_matrix:
        """1 + log(count) of each bucket, shape (n, buckets)."""
        buckets: dict[str, int] = {}
        indptr, indices, data = [0], list[int](), list[float]()
        for text in texts:
            counts: Counter[int] = Counter()
            for word in _features(text.casefold()):
                bucket = buckets.get(word)
                if bucket is None:
                    digest = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
                    bucket = buckets[word] = int.from_bytes(digest, "little") % self.config.buckets
                counts[bucket] += 1
            indices += sorted(counts)
            data += [counts[bucket] for bucket in sorted(counts)]
            indptr.append(len(indices))
        values = 1.0 + np.log(np.array(data, dtype=np.float32))
        return csr_matrix(
            (values, np.array(indices, dtype=np.int32), np.array(indptr, dtype=np.int32)),
            shape=(len(texts), self.config.buckets),
        )


def _features(text: str) -> list[str]:
    words: list[str] = _WORD.findall(text)
    ideographs = [a + b for a, b in pairwise(words) if len(a) == len(b) == 1]
    parts = [f"{word[i : i + 4]}*" for word in words if len(word) > 4 for i in range(len(word) - 3)]
    return words + ideographs + parts


def _weighed(counts: csr_matrix, idf: Floats) -> csr_matrix:
    """Counts times the weight of their bucket, in place; rows scaled to length 1."""
    values: Floats = counts.data * idf[counts.indices]
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    squares = np.bincount(rows, values * values, minlength=counts.shape[0])
    counts.data = (values / np.sqrt(np.maximum(squares, 1e-12))[rows]).astype(np.float32)
    return counts


def _leading_axes(matrix: csr_matrix, rank: int, rng: np.random.Generator) -> Floats:
    """Right singular vectors by randomised subspace iteration, shape (columns, r).

    Halko, Martinsson and Tropp, "Finding structure with randomness", 2011, algorithm 4.4.
    """
    width = min(rank + _SPARE, *matrix.shape)
    block = np.asarray(matrix.T @ rng.standard_normal((matrix.shape[0], width), dtype=np.float32))
    for _ in range(_ROUNDS):
        block, _ = np.linalg.qr(block)
        block = np.asarray(matrix.T @ (matrix @ block))
    basis, _ = np.linalg.qr(block)
    projected = np.asarray(matrix @ basis)
    values, rotation = np.linalg.eigh(projected.T @ projected)
    order = np.argsort(-values, kind="stable")[: min(rank, width)]
    axes = basis @ rotation[:, order]
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return np.asarray(axes, dtype=np.float32)


def _hash(*arrays: Floats) -> str:
    digest = blake2b(digest_size=6)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
