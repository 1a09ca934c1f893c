"""Approximate search through a navigable graph, for catalogues of millions."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Lock
from time import sleep
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from usearch.compiled import MetricKind
from usearch.index import Index

from zhiyin.core.config import Config
from zhiyin.core.errors import ArtifactError
from zhiyin.core.histories import Floats
from zhiyin.core.topk import EMPTY, TopK
from zhiyin.encode.index.exact import barred_slots, best_of
from zhiyin.encode.index.slots import Slots, checked, load_slots, slots_of

_GRAPH = "graph.usearch"
_RARE = 0.05
"""Where fewer items than this share are allowed, they are scanned."""
_PIECE = 16
"""Vectors linked before waiting searches get their turn."""
_TURN = 0.001
"""Seconds in which a waiting search takes its turn."""


class HnswConfig(Config):
    """Hyperparameters of the graph."""

    connectivity: int = Field(default=16, ge=2)
    """Neighbours of a vector in the graph (M)."""
    expansion_add: int = Field(default=128, ge=1)
    """Vectors looked at while one is added; more make a better graph (efConstruction)."""
    expansion_search: int = Field(default=128, ge=1)
    """Vectors looked at while searching; more find more (ef)."""
    precision: Literal["f32", "f16", "bf16"] = "bf16"
    """How the graph holds vectors; what it finds is scored again in full precision."""
    oversampling: int = Field(default=4, ge=1)
    """Candidates scored again, as a multiple of the list's length."""
    threads: int = Field(default=0, ge=0)
    """Threads that build the graph; 0: all cores. One thread builds the same graph each time."""


class HnswIndex:
    """Hierarchical navigable small world graph (Malkov and Yashunin, TPAMI 2020), by usearch.

    The graph proposes, float rows decide. A search narrowed to few items scans those.

    A search of usearch that meets a change answers with rows that are gone, and no search may
    run while the graph gets more room. So they take turns: changes come in small pieces,
    between which searches go on.
    """

    Config = HnswConfig

    def __init__(self, config: HnswConfig | None = None) -> None:
        self.config = config or HnswConfig()
        self._lock = Lock()  # held while the index changes
        self._turn = Lock()  # held while the graph is searched, or changed by a piece
        self._slots = slots_of(np.empty((0, 0), dtype=np.float32))
        self._graph: Any = None
        self._path: Path | None = None

    def build(self, vectors: Floats) -> Self:
        """Takes the vectors of items 0..n-1 and links them."""
        with self._lock:
            slots = slots_of(vectors)
            graph = self._new_graph(slots.dim)
            if slots.n:
                graph.add(np.arange(slots.n), slots.rows, threads=self.config.threads)
            self._slots, self._graph, self._path = slots, graph, None
        return self

    def search(self, queries: Floats, *, k: int, allowed: NDArray[np.bool_] | None = None) -> TopK:
        """About the k items with the largest inner products, ties by item index."""
        slots, graph = self._slots, self._graph
        k = max(0, min(k, slots.n))
        items = np.full((len(queries), k), EMPTY, dtype=np.int32)
        scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        if k == 0:
            return TopK(items, scores)
        queries = checked(queries, dim=slots.dim)
        barred = barred_slots(slots, allowed)
        open_slots = np.ones(slots.n, dtype=np.bool_)
        if barred is not None:
            open_slots[barred] = False
        for row, query in enumerate(queries):
            best = best_of(slots, self._near(slots, graph, query, k, open_slots), query, k)
            items[row, : len(best.items)] = best.items
            scores[row, : len(best.items)] = best.scores
        return TopK(items, scores)

    def upsert(self, items: NDArray[np.integer], vectors: Floats) -> None:
        """Adds or replaces vectors; searches under way finish on what they began with."""
        with self._lock:
            if self._graph is None:
                self._slots = slots_of(np.empty((0, vectors.shape[-1]), dtype=np.float32))
                self._graph = self._new_graph(self._slots.dim)
            self._follow(self._slots.upsert(items, vectors, pack=False))

    def delete(self, items: NDArray[np.integer]) -> None:
        """Forgets some items; their rows stay unused until the index is built again."""
        with self._lock:
            self._follow(self._slots.delete(items, pack=False))

    def save(self, folder: Path) -> None:
        """Writes rows as .npy and the graph in usearch's format."""
        with self._lock:
            self._slots.save(folder, pack=False)
            about = {"n": self._slots.n, "precision": self.config.precision}
            if self._graph is not None:
                self._graph.save(str(folder / _GRAPH))
            (folder / "graph.json").write_text(json.dumps(about), encoding="utf-8")

    def load(self, folder: Path) -> Self:
        """Takes a saved index back, memory-mapped; the first change reads the graph whole.

        Raises:
            ArtifactError: The folder holds no graph, or a damaged one.
        """
        slots = load_slots(folder)
        try:
            about = json.loads((folder / "graph.json").read_text(encoding="utf-8"))
            graph = self._new_graph(slots.dim)
            graph.view(str(folder / _GRAPH))
            if about["n"] != slots.n or graph.ndim not in {0, slots.dim}:
                raise ValueError("graph and rows do not belong together")
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ArtifactError(
                f"{folder} holds no graph that can be read: {error}",
                hint="train again, or go back with `zhiyin rollback`",
            ) from error
        with self._lock:
            self._slots, self._graph, self._path = slots, graph, folder / _GRAPH
        return self

    def _new_graph(self, dim: int) -> Any:  # noqa: ANN401 - usearch ships no full types
        settings = self.config
        return Index(
            ndim=max(dim, 1),
            metric=MetricKind.IP,
            dtype=settings.precision,
            connectivity=settings.connectivity,
            expansion_add=settings.expansion_add,
            expansion_search=settings.expansion_search,
        )

    def _follow(self, after: Slots) -> None:
        """Changes the graph from the present snapshot to another, and publishes that."""
        before, graph = self._slots, self._graph
        if graph is None or after is before:
            return
        if self._path is not None:  # a memory map cannot be written to
            graph = self._new_graph(after.dim)
            graph.load(str(self._path))
            self._path = None
        for start in range(before.n, after.n, _PIECE):
            new = np.arange(start, min(start + _PIECE, after.n))
            with self._turn:
                graph.add(new, after.rows[new], threads=self.config.threads)
            sleep(_TURN)
        self._slots, self._graph = after, graph
        gone = np.flatnonzero((before.item_of >= 0) & (after.item_of[: before.n] < 0))
        if len(gone):
            with self._turn:
                graph.remove(gone)

    def _near(
        self,
        slots: Slots,
        graph: Any,  # noqa: ANN401
        query: Floats,
        k: int,
        usable: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        """Rows worth scoring: at least k usable ones, where there are as many."""
        n = int(usable.sum())
        if n <= max(_RARE * slots.n, k):
            return np.flatnonzero(usable)
        count = round(k * self.config.oversampling * slots.n / n)
        while count < slots.n:
            with self._turn:
                found = graph.search(query, count, threads=1).keys
            keys = np.asarray(found).astype(np.int64)
            keys = keys[keys < slots.n]
            keys = keys[usable[keys]]
            if len(keys) >= k:
                return keys
            count *= 4
        return np.flatnonzero(usable)
