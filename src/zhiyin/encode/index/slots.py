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
_TINY = 1e-30
_SPARE = 1024
_COARSE = 2.0
"""Codes are made again when new rows are told apart this much worse than the old ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """A snapshot of rows; the first ``len(item_of)`` are in use.

    Attributes:
        rows: float32 of shape (capacity, dim).
        codes: int8 of shape (capacity, dim): ``rows`` is near ``codes * scale``.
        item_of: int32 of shape (n,): the item in each row, -1 for an empty one.
        longest: The largest length of a row.
        scale: What one step of a code is worth.
        error: The largest length of ``rows - codes * scale``.
        empty: How many rows in use hold no item.
    """

    rows: Floats
    codes: NDArray[np.int8]
    item_of: ItemIndices
    scale: float = 0.0
    longest: float = 0.0
    error: float = 0.0
    empty: int = 0

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
        empty = int((item_of == _EMPTY).sum())
        left = replace(self, item_of=item_of, empty=empty)
        return left._packed() if pack and empty > _PACK_ABOVE * len(item_of) else left

    def save(self, folder: Path, *, pack: bool = True) -> None:
        """Writes the rows as .npy."""
        packed = self._packed() if pack else self
        folder.mkdir(parents=True, exist_ok=True)
        n = packed.n
        np.save(folder / "rows.npy", packed.rows[:n])
        np.save(folder / "codes.npy", packed.codes[:n])
        np.save(folder / "items.npy", packed.item_of)
        about = {"scale": packed.scale, "longest": packed.longest, "error": packed.error}
        (folder / "slots.json").write_text(json.dumps(about), encoding="utf-8")

    def _append(self, items: ItemIndices, vectors: Floats) -> Slots:
        start, end = self.n, self.n + len(items)
        if not len(items):
            return self
        rows, codes, scale = self.rows, self.codes, self.scale
        if end > len(rows) or not rows.flags.writeable:
            room = max(end, 2 * start) + _SPARE
            rows, codes = _grown(rows, start, room), _grown(codes, start, room)
        rows[start:end] = vectors
        codes[start:end], error = quantised(vectors, scale)
        if error > _COARSE * self.error:  # the new vectors do not fit the old steps
            scale = scale_of(rows[:end])
            codes = np.empty_like(codes)
            codes[:end], error = quantised(rows[:end], scale)
        else:
            error = max(error, self.error)
        longest = float(np.sqrt(np.einsum("ij,ij->i", vectors, vectors).max()))
        item_of = np.concatenate([self.item_of, items])
        return Slots(rows, codes, item_of, scale, max(self.longest, longest), error, self.empty)

    def _packed(self) -> Slots:
        kept = np.flatnonzero(self.item_of != _EMPTY)
        if len(kept) == self.n:
            return self
        return replace(
            self, rows=self.rows[kept], codes=self.codes[kept], item_of=self.item_of[kept], empty=0
        )


def slots_of(vectors: Floats) -> Slots:
    """The vectors of items 0..n-1; rows of zeros are left out."""
    vectors = checked(vectors)
    kept = np.flatnonzero(vectors.any(axis=1))
    rows = vectors if len(kept) == len(vectors) else vectors[kept]
    scale = scale_of(rows)
    codes, error = quantised(rows, scale)
    longest = float(np.sqrt(np.einsum("ij,ij->i", rows, rows).max(initial=0.0)))
    return Slots(rows, codes, kept.astype(np.int32), scale, longest, error)


def load_slots(folder: Path) -> Slots:
    """Rows as saved, memory-mapped.

    Raises:
        ArtifactError: The folder holds no rows, or damaged ones.
    """
    try:
        about = json.loads((folder / "slots.json").read_text(encoding="utf-8"))
        rows, codes, items = (
            np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in ("rows", "codes", "items")
        )
        if rows.shape != codes.shape or len(rows) != len(items):
            raise ValueError("its arrays are of different lengths")
        numbers = (float(about[name]) for name in ("scale", "longest", "error"))
        return Slots(rows, codes, np.array(items), *numbers, empty=int((items < 0).sum()))
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


def scale_of(rows: Floats) -> float:
    """The step with which the largest number of the rows is 127 steps."""
    return max(float(np.abs(rows).max(initial=0.0)) / _LEVELS, _TINY)


def quantised(rows: Floats, scale: float) -> tuple[NDArray[np.int8], float]:
    """Codes, and the largest length of what the codes leave out."""
    codes = np.empty(rows.shape, dtype=np.int8)
    error = 0.0
    for start in range(0, len(rows), 65_536):
        part = slice(start, start + 65_536)
        steps = np.clip(np.rint(rows[part] / np.float32(scale)), -_LEVELS, _LEVELS)
        codes[part] = steps.astype(np.int8)
        off = rows[part] - steps * np.float32(scale)
        error = max(error, float(np.sqrt(np.einsum("ij,ij->i", off, off).max())))
    return codes, error


def _grown(array: NDArray[T], used: int, room: int) -> NDArray[T]:
    result = np.empty((room, *array.shape[1:]), dtype=array.dtype)
    result[:used] = array[:used]
    return result
