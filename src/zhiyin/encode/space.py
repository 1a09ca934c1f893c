"""The space in which a catalogue's texts are compared: an encoder, then whitening."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from zhiyin.core.errors import ArtifactError
from zhiyin.core.protocols import Arrays, Encoded, TextEncoder, TextRole
from zhiyin.encode.errors import ForeignVectorsError
from zhiyin.encode.whitening import Whitening, WhiteningConfig

_ID, _ENCODER, _WHITENING = "encoder_id", "encoder.", "whitening."


class TextSpace:
    """Texts in, whitened unit vectors out; knows which encoder its state belongs to.

    Args:
        encoder: What reads the texts.
        whitening: How its vectors are whitened.
    """

    def __init__(self, encoder: TextEncoder, whitening: WhiteningConfig | None = None) -> None:
        self.encoder = encoder
        self._whitening = Whitening(whitening)

    @property
    def dim(self) -> int:
        """Length of a vector: known once fitted."""
        return self._whitening.dim

    def fit(self, texts: Sequence[str]) -> Encoded:
        """Learns from a catalogue's texts, and gives their vectors.

        Raises:
            NotEnoughDataError: Fewer than two of them hold any text.
        """
        self.encoder.fit(texts)
        raw = self.encoder.encode(texts)
        self._whitening.fit(raw.vectors, raw.present)
        return self._white(raw)

    def encode(self, texts: Sequence[str], *, role: TextRole = "document") -> Encoded:
        """The vectors of any texts, in the space of the catalogue."""
        return self._white(self.encoder.encode(texts, role=role))

    def state(self) -> Arrays:
        """The encoder's id and state, and the whitening."""
        parts = {_ENCODER: self.encoder.state(), _WHITENING: self._whitening.state()}
        flat = {
            prefix + name: array for prefix, part in parts.items() for name, array in part.items()
        }
        return {_ID: np.array(self.encoder.id), **flat}

    def restore(self, arrays: Arrays) -> Self:
        """Takes a state back.

        Raises:
            ForeignVectorsError: It belongs to another encoder.
            ArtifactError: It lacks parts.
        """
        if _ID not in arrays:
            raise ArtifactError("a text space has no encoder id", hint="train again")
        self.encoder.restore(_part(arrays, _ENCODER))
        expected = str(arrays[_ID])
        if self.encoder.id != expected:
            raise ForeignVectorsError(expected=expected, found=self.encoder.id)
        try:
            self._whitening.restore(_part(arrays, _WHITENING))
        except KeyError as error:
            raise ArtifactError(f"a text space lacks {error}", hint="train again") from error
        return self

    def _white(self, raw: Encoded) -> Encoded:
        return Encoded(self._whitening.apply(raw.vectors, raw.present), raw.present, raw.cut)


def _part(arrays: Arrays, prefix: str) -> Arrays:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
