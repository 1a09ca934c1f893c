"""A text file as blocks of whole UTF-8 lines, in bounded memory."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.errors import DataError
from zhiyin.data.importing.sniffing import open_bytes, readable

BLOCK_BYTES = 16 << 20
_LONGEST = 256 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Whole lines.

    Attributes:
        data: UTF-8, each line ended by a newline.
        first_line: Number of the first line, counted from 1.
        share: Part of the file read so far, 0..1.
        undecodable: Lines (index within the block) that held bytes of another encoding.
        last: Whether the file ends here.
    """

    data: bytes
    first_line: int
    share: float
    undecodable: NDArray[np.int64]
    last: bool


def blocks(path: Path, encoding: str, *, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """Reads a text file block by block.

    Raises:
        DataError: A line is longer than 256 MB, or the compressed file is damaged.
    """
    total = max(1, path.stat().st_size)
    line = 1
    for raw, position, last in _raw_blocks(path, encoding, size):
        data, undecodable = _to_utf8(raw, encoding, first=line == 1)
        data = data.replace(b"\r\n", b"\n")
        if b"\n" not in data:
            data = data.replace(b"\r", b"\n")
        if data and not data.endswith(b"\n"):
            data += b"\n"
        yield Block(data, line, min(1.0, position / total), undecodable, last)
        line += data.count(b"\n")


def _raw_blocks(path: Path, encoding: str, size: int) -> Iterator[tuple[bytes, int, bool]]:
    wide = encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
    with open_bytes(path) as stream:
        if wide:
            with readable(path):
                everything = stream.read()
            yield everything, path.stat().st_size, True
            return
        rest = b""
        while True:
            with readable(path):
                piece = stream.read(size)
            if not piece:
                yield rest, path.stat().st_size, True
                return
            cut = piece.rfind(b"\n") + 1
            if not cut:
                rest += piece
                if len(rest) > _LONGEST:
                    raise DataError(f"{path} has a line longer than {_LONGEST >> 20} MB")
                continue
            yield rest + piece[:cut], stream.tell(), False
            rest = piece[cut:]


def _to_utf8(raw: bytes, encoding: str, *, first: bool) -> tuple[bytes, NDArray[np.int64]]:
    if first and raw.startswith(codecs.BOM_UTF8):
        raw = raw[3:]
    none = np.empty(0, dtype=np.int64)
    utf8 = codecs.lookup(encoding).name == "utf-8"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        pass
    else:
        return (raw if utf8 else text.lstrip("\ufeff").encode("utf-8", "replace")), none
    pieces: list[bytes] = []
    undecodable: list[int] = []
    for i, line in enumerate(raw.split(b"\n")):
        try:
            pieces.append(line.decode(encoding).encode("utf-8"))
        except UnicodeError:
            undecodable.append(i)
            pieces.append(line.decode(encoding, "backslashreplace").encode("utf-8", "replace"))
    return b"\n".join(pieces), np.asarray(undecodable, dtype=np.int64)
