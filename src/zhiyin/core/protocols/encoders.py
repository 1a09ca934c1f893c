"""What turns text into vectors, and what finds vectors near others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.protocols.models import Arrays
from zhiyin.core.topk import TopK

TextRole = Literal["document", "query"]
"""Some encoders read a question differently from what answers it."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """The vectors of n texts.

    Attributes:
        vectors: float32 of shape (n, dim), rows of length 1; zeros where there is no
            text. Always finite.
        present: bool of shape (n,): False where the text was empty, so has no vector.
        cut: bool of shape (n,): True where the text was longer than the encoder reads.
    """

    vectors: Floats
    present: NDArray[np.bool_]
    cut: NDArray[np.bool_]


@runtime_checkable
class TextEncoder(Protocol):
    """Maps texts to unit vectors whose cosine tells likeness of meaning."""

    Config: ClassVar[type[Config]]
    config: Any  # an instance of Config

    @property
    def id(self) -> str:
        """Name, version and content hash: vectors of equal ids may be compared.

        Changes when ``fit`` or ``restore`` changes what the encoder does.
        """
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    def fit(self, texts: Sequence[str]) -> Self:
        """Learns from a catalogue, where the encoder learns at all; others ignore it."""
        ...

    def encode(self, texts: Sequence[str], *, role: TextRole = "document") -> Encoded:
        """The vectors of texts; the same text has the same vector in any company, to 1e-4.

        Bounded: of each text only the beginning is read, as the config says.
        """
        ...

    def state(self) -> Arrays:
        """What ``fit`` learned, as saved in an artifact; empty for pretrained encoders."""
        ...

    def restore(self, arrays: Arrays) -> Self:
        """Takes a state back; the arrays may be read-only memory maps."""
        ...


@runtime_checkable
class VectorIndex(Protocol):
    """Finds the vectors with the largest inner product with a query.

    Vectors are numbered by item index. An item without a vector (a row of zeros) is
    never found. Searching and changing may happen in different threads.
    """

    Config: ClassVar[type[Config]]
    config: Any  # an instance of Config

    def build(self, vectors: Floats) -> Self:
        """Takes the vectors of items 0..n-1, shape (n, dim), in place of all before."""
        ...

    def search(self, queries: Floats, *, k: int, allowed: NDArray[np.bool_] | None = None) -> TopK:
        """The k items with the largest inner products, ties by item index.

        Args:
            queries: float32 of shape (q, dim).
            k: List length; fewer come back where fewer items are allowed.
            allowed: bool of shape (n,), or None for all; items beyond it are barred.
        """
        ...

    def upsert(self, items: NDArray[np.integer], vectors: Floats) -> None:
        """Adds or replaces the vectors of some items, shape (len(items), dim)."""
        ...

    def delete(self, items: NDArray[np.integer]) -> None:
        """Forgets some items; unknown ones are ignored."""
        ...

    def save(self, folder: Path) -> None:
        """Writes everything into a folder, without pickle."""
        ...

    def load(self, folder: Path) -> Self:
        """Takes a saved index back; its arrays are memory-mapped."""
        ...
