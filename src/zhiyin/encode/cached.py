"""An encoder that remembers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from zhiyin.core.protocols import Arrays, Encoded, TextEncoder, TextRole
from zhiyin.encode.cache import EncodingCache, encoding_key


class CachedEncoder:
    """Any encoder, with a memory: each text is encoded once per encoder id.

    Args:
        encoder: The encoder.
        cache: Where vectors are kept.
    """

    def __init__(self, encoder: TextEncoder, cache: EncodingCache) -> None:
        self._encoder = encoder
        self._cache = cache
        self.Config = type(encoder).Config
        self.config = encoder.config

    @property
    def id(self) -> str:
        """That of the encoder within."""
        return self._encoder.id

    @property
    def dim(self) -> int:
        """That of the encoder within."""
        return self._encoder.dim

    def fit(self, texts: Sequence[str]) -> Self:
        """Fits the encoder within; where that changes its id, nothing old is reused."""
        self._encoder.fit(texts)
        return self

    def encode(self, texts: Sequence[str], *, role: TextRole = "document") -> Encoded:
        """Vectors from memory where they are known; the others are encoded and kept.

        Empty and cut texts are asked of the encoder each time: they are few.
        """
        # The settings of cleaning are part of what a vector depends on.
        space = f"{self.id}|{self.config.model_dump_json()}"
        keys = [encoding_key(space, role, text) for text in texts]
        known = self._cache.get(list(dict.fromkeys(keys)), dim=self.dim)
        missing = [row for row, key in enumerate(keys) if key not in known]
        fresh = self._encoder.encode([texts[row] for row in missing], role=role)
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        present = np.ones(len(texts), dtype=np.bool_)
        cut = np.zeros(len(texts), dtype=np.bool_)
        vectors[missing], present[missing], cut[missing] = fresh.vectors, fresh.present, fresh.cut
        for row, key in enumerate(keys):
            if key in known:
                vectors[row] = known[key]
        lasting = np.flatnonzero(fresh.present & ~fresh.cut)
        self._cache.put((keys[missing[i]], fresh.vectors[i]) for i in lasting)
        return Encoded(vectors, present, cut)

    def state(self) -> Arrays:
        """The state of the encoder within."""
        return self._encoder.state()

    def restore(self, arrays: Arrays) -> Self:
        """Restores the encoder within."""
        self._encoder.restore(arrays)
        return self
