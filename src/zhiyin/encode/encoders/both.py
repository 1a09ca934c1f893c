"""USE and E5 side by side: each misses what the other finds.

Their cosines live on different scales: those of E5 between .7 and 1, around what texts of
a language and a length have in common. Each encoder's vectors are taken from such a mean
and scaled to length 1; side by side, their cosine is the mean of two cosines.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Literal, Self

import numpy as np
from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.errors import ArtifactError
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays, Encoded, TextRole
from zhiyin.encode.encoders.e5.encoder import E5Encoder, E5EncoderConfig
from zhiyin.encode.encoders.use.encoder import UseEncoder, UseEncoderConfig
from zhiyin.encode.text.phrases import phrases

_ROLES: tuple[TextRole, ...] = ("document", "query")
_SAMPLE = 1000
"""Texts of a catalogue from which its mean is learned."""


class BothConfig(Config):
    """Settings of USE and E5 together."""

    use: UseEncoderConfig = Field(default_factory=UseEncoderConfig)
    """Settings of USE."""
    e5: E5EncoderConfig = Field(default_factory=E5EncoderConfig)
    """Settings of E5."""
    centre: Literal["phrases", "catalogue"] = "phrases"
    """Where the means come from. "phrases": what people say when they look for something,
    the same everywhere, so vectors of two catalogues may be compared and nothing has to be
    fitted. "catalogue": documents' from the catalogue, and queries' from the phrases."""


class BothEncoder:
    """Vectors of USE and of E5, each centred and of length 1, side by side."""

    Config = BothConfig

    def __init__(self, config: BothConfig | None = None) -> None:
        self.config = config or BothConfig()
        self._parts = (UseEncoder(self.config.use), E5Encoder(self.config.e5))
        said = phrases("")
        self._centres = {role: self._mean(said, role) for role in _ROLES}
        self._learned = ""

    @property
    def id(self) -> str:
        """Both ids, and a hash of the mean where one was learned."""
        parts = "+".join(part.id for part in self._parts)
        return f"both/{parts}/{self._learned or self.config.centre}"

    @property
    def dim(self) -> int:
        """512 + 384."""
        return sum(part.dim for part in self._parts)

    def fit(self, texts: Sequence[str]) -> Self:
        """Learns the mean of a catalogue's documents, where the settings ask for it."""
        if self.config.centre == "catalogue":
            some = texts[:: max(1, len(texts) // _SAMPLE)]
            self._learn(self._mean(some, "document"))
        return self

    def encode(self, texts: Sequence[str], *, role: TextRole = "document") -> Encoded:
        """Vectors of length 1; a text that one of them cannot read is left to the other."""
        found = [part.encode(texts, role=role) for part in self._parts]
        centres = np.split(self._centres[role], np.cumsum([p.dim for p in self._parts])[:-1])
        sides = [
            _unit((each.vectors - centre) * each.present[:, None])
            for each, centre in zip(found, centres, strict=True)
        ]
        present = np.logical_or.reduce([each.present for each in found])
        cut = np.logical_or.reduce([each.cut for each in found])
        return Encoded(_unit(np.concatenate(sides, axis=1)), present, cut)

    def state(self) -> Arrays:
        """The mean of documents, float32 of shape (dim,), where one was learned."""
        return {"centre": self._centres["document"]} if self._learned else {}

    def restore(self, arrays: Arrays) -> Self:
        """Takes a state back.

        Raises:
            ArtifactError: It is of another shape.
        """
        if not arrays:
            return self
        centre = arrays["centre"]
        if centre.shape != (self.dim,):
            raise ArtifactError(
                f"a centre has shape {centre.shape}, and {(self.dim,)} was due",
                hint="train again",
            )
        self._learn(centre)
        return self

    def _learn(self, centre: Floats) -> None:
        self._centres["document"] = centre
        self._learned = blake2b(np.ascontiguousarray(centre).data, digest_size=6).hexdigest()

    def _mean(self, texts: Sequence[str], role: TextRole) -> Floats:
        """The mean vector of each encoder, one after the other, shape (dim,)."""
        means: list[Floats] = []
        for part in self._parts:
            found = part.encode(texts, role=role)
            means.append(found.vectors.sum(axis=0) / np.float32(max(1, found.present.sum())))
        return np.concatenate(means)


def _unit(rows: Floats) -> Floats:
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    return np.asarray(rows / np.maximum(lengths, np.float32(1e-9)), dtype=np.float32)
