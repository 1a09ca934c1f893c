"""Exact search by scanning everything."""

from __future__ import annotations

from math import floor
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.config import Config
from zhiyin.core.errors import MissingExtraError
from zhiyin.core.histories import Floats
from zhiyin.core.registry import load_path
from zhiyin.core.topk import EMPTY, TopK, chunks, top_k
from zhiyin.encode.index.scans import Scan, float_scan
from zhiyin.encode.index.slots import Slots, checked, load_slots, slots_of

_WORTH_MEASURING = 8192
"""Below, every scan takes less than a tenth of a millisecond."""
_ROUNDS = 5
_BLOCK = 32


class ExactConfig(Config):
    """Settings of the exact index."""

    scan: Literal["auto", "float", "int8"] = "auto"
    """What reads the rows: ``auto`` measures which is faster here. All find the same."""


class ExactIndex:
    """Every vector is looked at; the answer is exact whichever scan looks.

    A scan tells nearly right scores and by how much they may be wrong. Whatever could
    still be among the best is scored again in double precision, so the int8 scan, the
    float scan and every machine give the same list.
    """

    Config = ExactConfig

    def __init__(self, config: ExactConfig | None = None) -> None:
        self.config = config or ExactConfig()
        self._lock = Lock()
        self._take(slots_of(np.empty((0, 0), dtype=np.float32)))

    @property
    def scan(self) -> str:
        """Which scan answers: ``float`` or ``int8``."""
        return self._scan[0]

    def build(self, vectors: Floats) -> Self:
        """Takes the vectors of items 0..n-1; measures the scans on them."""
        with self._lock:
            self._take(slots_of(vectors))
        return self

    def search(self, queries: Floats, *, k: int, allowed: NDArray[np.bool_] | None = None) -> TopK:
        """The k items with the largest inner products, ties by item index."""
        slots, scan = self._slots, self._scan[1]
        k = max(0, min(k, slots.n))
        items = np.full((len(queries), k), EMPTY, dtype=np.int32)
        scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        if k == 0:
            return TopK(items, scores)
        queries = checked(queries, dim=slots.dim)
        barred = barred_slots(slots, allowed)
        for part in chunks(len(queries), width=slots.n):
            near, bounds = scan(slots, queries[part])
            if barred is not None:
                near[:, barred] = _lowest(near)
            for row, (close, bound) in enumerate(zip(near, bounds, strict=True), part.start):
                found = _possible(close, k, float(bound))
                best = best_of(slots, found, queries[row], k)
                items[row, : len(best.items)] = best.items
                scores[row, : len(best.items)] = best.scores
        return TopK(items, scores)

    def upsert(self, items: NDArray[np.integer], vectors: Floats) -> None:
        """Adds or replaces vectors; searches under way finish on what they began with."""
        with self._lock:
            if not self._slots.n and not self._slots.dim:
                self._slots = slots_of(np.empty((0, vectors.shape[-1]), dtype=np.float32))
            self._slots = self._slots.upsert(items, vectors)

    def delete(self, items: NDArray[np.integer]) -> None:
        """Forgets some items."""
        with self._lock:
            self._slots = self._slots.delete(items)

    def save(self, folder: Path) -> None:
        """Writes rows and codes as .npy."""
        self._slots.save(folder)

    def load(self, folder: Path) -> Self:
        """Takes a saved index back, memory-mapped; the first change copies it."""
        with self._lock:
            self._take(load_slots(folder))
        return self

    def _take(self, slots: Slots) -> None:
        self._slots = slots
        self._scan: tuple[str, Scan] = self._quickest(slots)

    def _quickest(self, slots: Slots) -> tuple[str, Scan]:
        scans: dict[str, Scan] = {"float": float_scan}
        if self.config.scan != "float":
            try:
                scans["int8"] = load_path("zhiyin.encode.index.int8:Int8Scan")()
            except MissingExtraError:
                if self.config.scan == "int8":
                    raise
        if self.config.scan == "auto":
            if slots.n < _WORTH_MEASURING:
                return "float", float_scan
            name = min(scans, key=lambda each: _seconds(scans[each], slots))
        else:
            name = self.config.scan
        return name, scans[name]


def barred_slots(slots: Slots, allowed: NDArray[np.bool_] | None) -> NDArray[np.int64] | None:
    """Rows that must not be found, or None where all may."""
    if allowed is None:
        return np.flatnonzero(slots.item_of < 0) if slots.empty else None
    padded = np.append(allowed, False)
    open_rows = padded[np.minimum(slots.item_of, len(allowed))]
    return np.flatnonzero(~open_rows | (slots.item_of < 0))


def best_of(slots: Slots, found: NDArray[np.int64], query: Floats, k: int) -> TopK:
    """The k best of some rows, scored in double precision; one-dimensional lists."""
    items = slots.item_of[found]
    exact = np.einsum("ij,j->i", slots.rows[found], query, dtype=np.float64)
    best = top_k(exact.astype(np.float32)[None], k=k, tie_order=items)
    places = best.items[0][best.items[0] != EMPTY]
    return TopK(items[places], best.scores[0][: len(places)])


def _possible(near: NDArray[Any], k: int, bound: float) -> NDArray[np.int64]:
    """Rows that may be among the k best, when each score may be wrong by ``bound``."""
    lowest = _lowest(near)
    kth = float(_kth_largest(near, min(k, len(near))))
    if kth <= lowest:
        return np.flatnonzero(near > lowest)
    least = kth - 2.0 * bound
    if near.dtype.kind == "i":  # a float would turn all the scores into floats first
        least = max(floor(least), int(lowest))
    found = np.flatnonzero(near >= near.dtype.type(least))
    return found[near[found] > lowest]


def _lowest(near: NDArray[Any]) -> float:
    """The score of rows that must not be found."""
    return -np.inf if near.dtype.kind == "f" else float(np.iinfo(near.dtype).min)


def _kth_largest(scores: NDArray[Any], k: int) -> float:
    """The k-th largest score; found among maxima of blocks where the row is long."""
    blocks = len(scores) // _BLOCK
    if blocks > 4 * k:
        maxima = scores[: blocks * _BLOCK].reshape(_BLOCK, blocks).max(axis=0)
        floor = np.partition(maxima, blocks - k)[blocks - k]
        scores = scores[scores >= floor]
    return np.partition(scores, len(scores) - k)[len(scores) - k]


def _seconds(scan: Scan, slots: Slots) -> float:
    query = np.ascontiguousarray(slots.rows[:1])
    times: list[float] = []
    for _ in range(_ROUNDS):
        start = perf_counter()
        scan(slots, query)
        times.append(perf_counter() - start)
    return min(times)
