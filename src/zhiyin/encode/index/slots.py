"""Vectors in rows that never change once they can be seen.

A search works on one snapshot, so it never sees half a change. A new vector goes to a new
row; the row it replaces is marked as empty, and rows are packed again when a quarter of
them is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.errors import ArtifactError, DataError
from zhiyin.core.histories import Floats, ItemIndices

T = TypeVar("T", bound=np.generic)

_EMPTY = np.int32(-1)
_PACK_ABOVE = 0.25
_LEVELS = 127.0
_SPARE = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """A snapshot of rows; the first ``len(item_of)`` are in use.

    Attributes:
        rows: float32 of shape (capacity, dim).
        codes: int8 of shape (capacity, dim): ``rows`` is near ``codes * scales[:, None]``.
        scales: float32 of shape (capacity,).
        item_of: int32 of shape (n,): the item in each row, -1 for an empty one.
        longest: The largest length of a row.
        error: The largest length of ``rows - codes * scales``.
    """

    rows: Floats
    codes: NDArray[np.int8]
    scales: Floats
    item_of: ItemIndices
    longest: float = 0.0
    error: float = 0.0

    @property
    def n(self) -> int:
        """Rows in use."""
        return len(self.item_of)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.rows.shape[1])

    def upsert(self, items: NDArray[np.integer], vectors: Floats, *, pack: bool = True) -> Slots:
        """A snapshot with new vectors for some items; rows of zeros take the vector away."""
        vectors = checked(vectors, dim=self.dim)
        if len(items) != len(vectors):
            raise DataError(
                f"{len(items)} items came with {len(vectors)} vectors", hint="give one each"
            )
        # Of a repeated item the last vector counts.
        _, last = np.unique(np.asarray(items)[::-1], return_index=True)
        last = len(items) - 1 - last
        last = last[vectors[last].any(axis=1)]
        left = self.delete(items, pack=pack)
        return left._append(np.asarray(items)[last].astype(np.int32), vectors[last])

    def delete(self, items: NDArray[np.integer], *, pack: bool = True) -> Slots:
        """A snapshot without some items; with ``pack``, rows move together when many are empty."""
        gone = np.isin(self.item_of, items)
        if not bool(gone.any()):
            return self
        item_of = np.where(gone, _EMPTY, self.item_of)
        left = replace(self, item_of=item_of)
        empty = int((item_of == _EMPTY).sum())
        return left._packed() if pack and empty > _PACK_ABOVE * len(item_of) else left

    def save(self, folder: Path, *, pack: bool = True) -> None:
        """Writes the rows as .npy."""
        packed = self._packed() if pack else self
        folder.mkdir(parents=True, exist_ok=True)
        n = packed.n
        for name in ("rows", "codes", "scales"):
            np.save(folder / f"{name}.npy", getattr(packed, name)[:n])
        np.save(folder / "items.npy", packed.item_of)
        about = {"longest": packed.longest, "error": packed.error}
        (folder / "slots.json").write_text(json.dumps(about), encoding="utf-8")

    def _append(self, items: ItemIndices, vectors: Floats) -> Slots:
        start, end = self.n, self.n + len(items)
        if not len(items):
            return self
        rows, codes, scales = self.rows, self.codes, self.scales
        if end > len(rows) or not rows.flags.writeable:
            room = max(end, 2 * start) + _SPARE
            rows, codes, scales = (
                _grown(rows, start, room),
                _grown(codes, start, room),
                _grown(scales, start, room),
            )
        rows[start:end] = vectors
        codes[start:end], scales[start:end], error = quantised(vectors)
        longest = float(np.sqrt(np.einsum("ij,ij->i", vectors, vectors).max()))
        return Slots(
            rows,
            codes,
            scales,
            np.concatenate([self.item_of, items]),
            max(self.longest, longest),
            max(self.error, error),
        )

    def _packed(self) -> Slots:
        kept = np.flatnonzero(self.item_of != _EMPTY)
        if len(kept) == self.n:
            return self
        arrays = (self.rows[kept], self.codes[kept], self.scales[kept], self.item_of[kept])
        return Slots(*arrays, self.longest, self.error)


def slots_of(vectors: Floats) -> Slots:
    """The vectors of items 0..n-1; rows of zeros are left out."""
    vectors = checked(vectors)
    kept = np.flatnonzero(vectors.any(axis=1))
    rows = vectors if len(kept) == len(vectors) else vectors[kept]
    codes, scales, error = quantised(rows)
    longest = float(np.sqrt(np.einsum("ij,ij->i", rows, rows).max(initial=0.0)))
    return Slots(rows, codes, scales, kept.astype(np.int32), longest, error)


def load_slots(folder: Path) -> Slots:
    """Rows as saved, memory-mapped.

    Raises:
        ArtifactError: The folder holds no rows, or damaged ones.
    """
    try:
        about = json.loads((folder / "slots.json").read_text(encoding="utf-8"))
        rows, codes, scales, items = (
            np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in ("rows", "codes", "scales", "items")
        )
        if not (rows.shape == codes.shape and len(rows) == len(scales) == len(items)):
            raise ValueError("its arrays are of different lengths")
        return Slots(rows, codes, scales, np.array(items), about["longest"], about["error"])
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise ArtifactError(
            f"{folder} holds no vector index that can be read: {error}",
            hint="train again, or go back with `zhiyin rollback`",
        ) from error


def checked(vectors: Floats, *, dim: int | None = None) -> Floats:
    """The vectors as float32, C-contiguous.

    Raises:
        DataError: They are not a matrix of finite numbers, or of another length.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if vectors.ndim != 2 or (dim is not None and vectors.shape[1] != dim):
        wanted = "(n, dim)" if dim is None else f"(n, {dim})"
        raise DataError(
            f"these vectors have shape {vectors.shape}, and the index holds {wanted}",
            hint="they come from another encoder or another whitening: build the index again",
        )
    if not bool(np.isfinite(vectors).all()):
        raise DataError("a vector holds numbers that are not finite", hint="encode it again")
    return vectors


def quantised(rows: Floats) -> tuple[NDArray[np.int8], Floats, float]:
    """Codes, scales, and the largest length of what the codes leave out."""
    scales: Floats = np.abs(rows).max(axis=1, initial=0.0) / np.float32(_LEVELS)
    scales = np.maximum(scales, np.float32(1e-30))
    codes = np.empty(rows.shape, dtype=np.int8)
    error = 0.0
    for start in range(0, len(rows), 65_536):
        part = slice(start, start + 65_536)
        codes[part] = np.rint(rows[part] / scales[part, None]).astype(np.int8)
        off = rows[part] - codes[part] * scales[part, None]
        error = max(error, float(np.sqrt(np.einsum("ij,ij->i", off, off).max())))
    return codes, scales, error


def _grown(array: NDArray[T], used: int, room: int) -> NDArray[T]:
    result = np.empty((room, *array.shape[1:]), dtype=array.dtype)
    result[:used] = array[:used]
    return result
