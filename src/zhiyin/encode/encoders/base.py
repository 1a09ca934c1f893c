"""What all text encoders share: cleaning, empty texts, repeated texts, unit length."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays, Encoded, TextRole
from zhiyin.encode.errors import EncoderError
from zhiyin.encode.text.cleaning import CleaningConfig, clean


class EncoderConfig(Config):
    """Settings that every text encoder has."""

    cleaning: CleaningConfig = Field(default_factory=CleaningConfig)
    """How texts are cleaned, and how much of each is read."""


C = TypeVar("C", bound=EncoderConfig)


class PretrainedEncoder(ABC, Generic[C]):
    """A text encoder that learns nothing here; subclasses say how distinct texts map."""

    config: C

    @property
    @abstractmethod
    def id(self) -> str:
        """Name, version and content hash."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """Length of a vector."""

    @abstractmethod
    def _vectors(self, texts: list[str], role: TextRole) -> Floats:
        """Vectors of cleaned, non-empty, distinct texts, shape (n, dim), of any length."""

    def _read(self, texts: list[str], role: TextRole) -> tuple[Floats, NDArray[np.bool_]]:
        """``_vectors``, and which texts were longer than the network reads, shape (n,)."""
        return self._vectors(texts, role), np.zeros(len(texts), dtype=np.bool_)

    def fit(self, texts: Sequence[str]) -> Self:
        """Does nothing: the encoder came trained."""
        return self

    def state(self) -> Arrays:
        """Nothing was learned."""
        return {}

    def restore(self, arrays: Arrays) -> Self:
        """There is nothing to take back."""
        return self

    def encode(self, texts: Sequence[str], *, role: TextRole = "document") -> Encoded:
        """The unit vectors of texts, and which of them hold any text."""
        cleaned = [clean(text, self.config.cleaning) for text in texts]
        place: dict[str, int] = {}
        rows = [place.setdefault(text, len(place)) if text else -1 for text, _ in cleaned]
        index = np.array(rows, dtype=np.int64)
        present = index >= 0
        vectors = np.zeros((len(rows), self.dim), dtype=np.float32)
        cut = np.array([cut for _, cut in cleaned], dtype=np.bool_)
        if place:
            found, longer = self._read(list(place), role)
            vectors[present] = self._unit(found, len(place))[index[present]]
            cut[present] |= longer[index[present]]
            # A text in which the encoder recognises nothing has no direction, so no vector.
            present &= vectors.any(axis=1)
        return Encoded(vectors, present, cut)

    def _unit(self, vectors: Floats, n: int) -> Floats:
        if vectors.shape != (n, self.dim):
            raise EncoderError(
                f"encoder {self.id} gave vectors of shape {vectors.shape} "
                f"where {(n, self.dim)} was due",
                hint="check the model and its dimension in the configuration",
            )
        if not bool(np.isfinite(vectors).all()):
            raise EncoderError(
                f"encoder {self.id} gave numbers that are not finite",
                hint="the model is damaged, or computes in a precision too low for it",
            )
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))[:, None]
        return (vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
