"""What a file is, judged by its first bytes."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from zhiyin.core.errors import DataError
from zhiyin.data.importing.options import ImportOptions

Layout = Literal["delimited", "parquet", "jsonl", "json"]

_SAMPLE = 1 << 20
_PIECE = 1 << 16
_PIECES = 64
_BOMS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_FOREIGN = {
    b"PK\x03\x04": "a zip archive or a spreadsheet; unpack it, or save it as CSV",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet; save it as CSV",
    b"SQLite format 3": "a database; export its tables as CSV",
    b"%PDF": "a PDF document",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"ARROW1": "an Arrow file; write it as Parquet",
}
_DELIMITERS = (",", "\t", ";", "|", "::", "\x01", "，")
_RECBOLE = re.compile(r"^[^:]+:(token|float|token_seq|float_seq)$")


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file turned out to be.

    Attributes:
        layout: How rows are written.
        encoding: Of text; "" for Parquet.
        delimiter: Of fields; "" where there are no fields in a line.
        recbole: Whether the header carries RecBole's types.
    """

    layout: Layout
    encoding: str = ""
    delimiter: str = ""
    recbole: bool = False


def open_bytes(path: Path) -> IO[bytes]:
    """Opens a file for reading; gzip is unpacked on the way.

    Raises:
        DataError: It is not there, or not a file.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise DataError(f"{path} {what}", hint="name a CSV, Parquet or JSON Lines file")
    try:
        stream = path.open("rb")
    except OSError as error:
        raise DataError(f"{path} cannot be opened: {error.strerror}") from error
    if stream.read(2) == b"\x1f\x8b":
        stream.close()
        return gzip.open(path, "rb")  # type: ignore[return-value]
    stream.seek(0)
    return stream


@contextmanager
def readable(path: Path) -> Generator[None]:
    """Turns a damaged gzip file into one of our errors."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} is a damaged gzip file: {error}", hint="copy or download it again"
        ) from error


def recognise_file(path: Path, options: ImportOptions) -> Recognised:
    """Looks at a file.

    Raises:
        DataError: It is empty, binary, or not what the options say.
    """
    with open_bytes(path) as stream, readable(path):
        head = stream.read(_SAMPLE)
    if not head.strip():
        raise DataError(f"{path} is empty", hint="nothing was imported")
    if head.startswith(b"PAR1"):
        return Recognised("parquet")
    if options.format == "parquet":
        raise DataError(
            f"{path} is not a Parquet file", hint="leave --format out to have it recognised"
        )
    _refuse_foreign(path, head, options)
    encoding = options.encoding or _encoding(path, head)
    text = _decoded(path, head, encoding).lstrip("\ufeff")
    if not text.strip():
        raise DataError(f"{path} is empty", hint="nothing was imported")
    first = text.lstrip()[:1]
    if options.format in ("jsonl", "gorse", "metarank") or (
        options.format == "auto" and first in "{["
    ):
        return Recognised("json" if first == "[" else "jsonl", encoding)
    lines = [line for line in text.splitlines() if line.strip()]
    if len(head) == _SAMPLE and len(lines) > 1:
        lines.pop()
    delimiter = options.delimiter or _delimiter(lines[:100])
    recbole = all(_RECBOLE.match(name) for name in lines[0].strip().split("\t"))
    return Recognised("delimited", encoding, "\t" if recbole else delimiter, recbole)


def _refuse_foreign(path: Path, head: bytes, options: ImportOptions) -> None:
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise DataError(f"{path} is not text but {what}", hint="nothing was imported")
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff") or (options.encoding or "").lower().startswith(
        "utf-16"
    )
    controls = sum(head.count(bytes([b])) for b in (0, 2, 3, 4, 5, 6, 7, 8, 14, 15, 16))
    if not wide and controls > len(head) / 1000 + 1:
        raise DataError(
            f"{path} is a binary file, whatever its name says", hint="nothing was imported"
        )


def _encoding(path: Path, head: bytes) -> str:
    """Judges by the lines that are not plain ASCII, from the whole length of the file."""
    for bom, encoding in _BOMS.items():
        if head.startswith(bom):
            return encoding
    lines = [line for line in head.splitlines() if not line.isascii()]
    if len(head) == _SAMPLE:
        lines = lines[:-1] + _lines_further_on(path)
    votes = {"utf-8": 0, "gb18030": 0, "latin-1": 0}
    for line in lines:
        votes[_encoding_of(line)] += 1
    return max(votes, key=lambda name: votes[name])


def _lines_further_on(path: Path) -> list[bytes]:
    """Some lines that are not ASCII from places spread over a large, plain file."""
    size = path.stat().st_size
    found: list[bytes] = []
    with path.open("rb") as stream:
        if stream.read(2) == b"\x1f\x8b":
            return found
        for i in range(1, _PIECES):
            stream.seek(size * i // _PIECES)
            piece = stream.read(_PIECE).splitlines()[1:-1]
            found += [line for line in piece if not line.isascii()][:100]
    return found


def _encoding_of(line: bytes) -> str:
    if _decodes(line, "utf-8"):
        return "utf-8"
    runs = re.findall(rb"[\x80-\xff]+", line)
    lonely = sum(len(run) == 1 for run in runs)
    return "latin-1" if lonely > len(runs) / 2 or not _decodes(line, "gb18030") else "gb18030"


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(path: Path, head: bytes, encoding: str) -> str:
    try:
        return head.decode(encoding, "replace")
    except (LookupError, UnicodeError) as error:
        raise DataError(
            f"{path}: no encoding is named {encoding!r}",
            hint="try utf-8, gb18030, latin-1 or utf-16",
        ) from error


def _delimiter(lines: list[str]) -> str:
    """The mark that splits most lines into as many fields as the first, more than one."""
    best, best_score = ",", 0.0
    for mark in _DELIMITERS:
        counts = [_fields(line, mark) for line in lines]
        if counts[0] < 2:
            continue
        score = sum(n == counts[0] for n in counts) / len(counts)
        if score > best_score:
            best, best_score = mark, score
    return best


def _fields(line: str, mark: str) -> int:
    if len(mark) > 1:
        return line.count(mark) + 1
    try:
        return len(next(csv.reader([line], delimiter=mark), list[str]()))
    except csv.Error:
        return line.count(mark) + 1
