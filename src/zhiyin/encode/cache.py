"""Vectors remembered between runs, by what was encoded and by which encoder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from zhiyin.core.histories import Floats
from zhiyin.core.memory import Memory, memory_key


class EncodingCache:
    """Vectors in a `Memory` of their own.

    Args:
        path: The file; made where absent.
    """

    def __init__(self, path: Path) -> None:
        self._memory = Memory(path, "encodings")

    def get(self, keys: Sequence[bytes], *, dim: int) -> dict[bytes, Floats]:
        """The vectors remembered for some keys; those of another length count as unknown."""
        return {
            key: np.frombuffer(vector, dtype="<f4")
            for key, vector in self._memory.get(keys).items()
            if len(vector) == 4 * dim
        }

    def put(self, vectors: Iterable[tuple[bytes, Floats]]) -> None:
        """Remembers vectors, all or none."""
        self._memory.put([(key, vector.astype("<f4").tobytes()) for key, vector in vectors])

    def close(self) -> None:
        """Closes the file."""
        self._memory.close()


def encoding_key(encoder_id: str, role: str, text: str) -> bytes:
    """Sixteen bytes that stand for a text under an encoder."""
    return memory_key(encoder_id, role, text)
