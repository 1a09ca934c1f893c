"""The conformance suite of vector indexes: subclass it in a test, and a plug-in is measured.

::

    class TestMyIndex(VectorIndexConformance):
        recall = 0.95  # measured 0.99

        def make(self) -> VectorIndex:
            return MyIndex()
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from zhiyin.core.errors import ArtifactError, DataError
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import VectorIndex
from zhiyin.core.topk import EMPTY

N, DIM, K = 1200, 24, 10


def clustered(n: int, dim: int, *, seed: int) -> Floats:
    """Unit vectors around a few centres, as the meanings of a catalogue lie."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((20, dim))
    rows = centres[rng.integers(0, 20, n)] + 0.7 * rng.standard_normal((n, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def nearest(vectors: Floats, query: Floats, k: int) -> NDArray[np.int64]:
    """The true answer, by sorting."""
    scores = vectors.astype(np.float64) @ query.astype(np.float64)
    return np.lexsort((np.arange(len(scores)), -scores))[:k]


class VectorIndexConformance(ABC):
    """What every vector index does."""

    recall: ClassVar[float] = 1.0
    """Least share of the true neighbours that is found."""

    @abstractmethod
    def make(self) -> VectorIndex:
        """A fresh index."""

    @pytest.fixture
    def vectors(self) -> Floats:
        """A catalogue."""
        return clustered(N, DIM, seed=3)

    @pytest.fixture
    def index(self, vectors: Floats) -> VectorIndex:
        """The index under test, built."""
        return self.make().build(vectors)

    def found(self, index: VectorIndex, vectors: Floats, queries: Floats) -> float:
        """The share of true neighbours in the lists."""
        lists = index.search(queries, k=K).items
        true = [set(nearest(vectors, query, K)) for query in queries]
        return float(np.mean([len(set(a) & b) / K for a, b in zip(lists, true, strict=True)]))

    def test_it_follows_the_protocol(self, index: VectorIndex) -> None:
        """By the names of its methods."""
        assert isinstance(index, VectorIndex)

    def test_it_finds_the_nearest(self, index: VectorIndex, vectors: Floats) -> None:
        """Among a catalogue, in falling order, with the true scores."""
        queries = clustered(40, DIM, seed=4)
        assert self.found(index, vectors, queries) >= self.recall
        best = index.search(queries, k=K)
        assert (np.diff(best.scores, axis=1) <= 0).all()
        true = np.take_along_axis(queries @ vectors.T, best.items.astype(np.int64), axis=1)
        assert np.allclose(best.scores, true, atol=1e-5)

    def test_ties_go_by_item_index(self) -> None:
        """The smaller first."""
        same = np.repeat(clustered(1, DIM, seed=1), 30, axis=0)
        items = self.make().build(same).search(same[:1], k=5).items[0].tolist()
        assert items == sorted(set(items))
        if self.recall == 1.0:
            assert items == [0, 1, 2, 3, 4]

    def test_lists_are_short_where_items_are_few(self, index: VectorIndex) -> None:
        """Never longer than the catalogue; empty places say so."""
        small = self.make().build(clustered(3, DIM, seed=1))
        assert small.search(clustered(2, DIM, seed=2), k=10).items.shape == (2, 3)
        allowed = np.zeros(N, dtype=np.bool_)
        allowed[[5, 7]] = True
        best = index.search(clustered(1, DIM, seed=2), k=4, allowed=allowed)
        assert set(best.items[0].tolist()) == {5, 7, int(EMPTY)}
        assert np.isneginf(best.scores[0, 2:]).all()

    def test_empty_index_finds_nothing(self) -> None:
        """Before anything was built, and after nothing was."""
        query = clustered(1, DIM, seed=2)
        assert self.make().search(query, k=3).items.shape == (1, 0)
        nothing = np.zeros((4, DIM), dtype=np.float32)
        assert self.make().build(nothing).search(query, k=3).items.size == 0

    def test_items_without_a_vector_are_never_found(self, vectors: Floats) -> None:
        """Rows of zeros."""
        vectors[100:200] = 0.0
        best = self.make().build(vectors).search(-vectors[:1], k=N)
        assert not set(best.items[0].tolist()) & set(range(100, 200))

    @pytest.mark.parametrize("share", [0.5, 0.01])
    def test_only_allowed_items_are_found(
        self, index: VectorIndex, vectors: Floats, share: float
    ) -> None:
        """Whether many are or few."""
        allowed = np.random.default_rng(5).random(N) < share
        queries = clustered(20, DIM, seed=6)
        best = index.search(queries, k=5, allowed=allowed)
        assert allowed[best.items[best.items >= 0]].all()
        kept = np.flatnonzero(allowed)
        true = [set(kept[nearest(vectors[kept], query, 5)]) for query in queries]
        hits = [len(set(a) & b) / 5 for a, b in zip(best.items, true, strict=True)]
        assert np.mean(hits) >= self.recall - 0.05

    def test_changes_show_at_once(self, index: VectorIndex) -> None:
        """Added, replaced, emptied and deleted items."""
        new = clustered(3, DIM, seed=9)
        index.upsert(np.array([N + 10, 4, 6]), np.stack([new[0], new[1], np.zeros(DIM, "f4")]))
        index.delete(np.array([9, 99_999]))
        assert index.search(new[:1], k=1).items[0, 0] == N + 10
        assert index.search(new[1:2], k=1).items[0, 0] == 4
        everything = index.search(new[:1], k=N).items[0].tolist()
        assert not {6, 9} & set(everything)
        assert len(set(everything)) == len(everything)
        index.upsert(np.array([9]), new[2:])
        assert index.search(new[2:], k=1).items[0, 0] == 9

    def test_it_grows_from_nothing(self) -> None:
        """An index that was never built takes items."""
        index = self.make()
        rows = clustered(50, DIM, seed=8)
        for start in range(0, 50, 10):
            index.upsert(np.arange(start, start + 10), rows[start : start + 10])
        assert index.search(rows, k=1).items[:, 0].tolist() == list(range(50))

    def test_many_changes_leave_it_right(self, vectors: Floats) -> None:
        """Every vector is replaced by another, more than once."""
        index = self.make().build(vectors)
        for turn in range(3):
            vectors = clustered(N, DIM, seed=20 + turn)
            for start in range(0, N, 400):
                index.upsert(np.arange(start, start + 400), vectors[start : start + 400])
        assert self.found(index, vectors, clustered(20, DIM, seed=4)) >= self.recall - 0.02

    def test_it_survives_a_folder(
        self, index: VectorIndex, vectors: Floats, tmp_path: Path
    ) -> None:
        """And can be changed afterwards, without touching the folder."""
        queries = clustered(10, DIM, seed=4)
        index.save(tmp_path / "index")
        again = self.make().load(tmp_path / "index")
        assert np.array_equal(again.search(queries, k=K).items, index.search(queries, k=K).items)
        again.delete(np.array([0]))
        again.upsert(np.array([N]), clustered(1, DIM, seed=9))
        assert again.search(clustered(1, DIM, seed=9), k=1).items[0, 0] == N
        fresh = self.make().load(tmp_path / "index")
        assert fresh.search(vectors[:1], k=1).items[0, 0] == 0

    def test_a_damaged_folder_is_refused(self, index: VectorIndex, tmp_path: Path) -> None:
        """Absent, or cut short."""
        with pytest.raises(ArtifactError):
            self.make().load(tmp_path / "absent")
        index.save(tmp_path)
        (path,) = tmp_path.glob("rows.npy")
        path.write_bytes(path.read_bytes()[:-1000])
        with pytest.raises(ArtifactError):
            self.make().load(tmp_path)

    def test_foreign_vectors_are_refused(self, index: VectorIndex) -> None:
        """Of another length, or not finite."""
        with pytest.raises(DataError):
            index.search(np.ones((1, DIM + 1), dtype=np.float32), k=1)
        with pytest.raises(DataError):
            index.upsert(np.array([1]), np.ones((1, DIM - 1), dtype=np.float32))
        with pytest.raises(DataError):
            index.upsert(np.array([1]), np.full((1, DIM), np.nan, dtype=np.float32))

    def test_searching_while_changing(self, index: VectorIndex, vectors: Floats) -> None:
        """No search fails or repeats an item while the vectors that it looks for are replaced."""
        items = np.arange(10)
        queries = vectors[items]
        changed = Event()

        def search() -> int:
            wrong = 0
            while not changed.is_set():
                best = index.search(queries, k=K).items
                wrong += sum(len(set(row.tolist())) < K for row in best)
            return wrong

        with ThreadPoolExecutor(3) as pool:
            answers = [pool.submit(search) for _ in range(3)]
            try:
                for _ in range(200):
                    index.upsert(items, queries)
            finally:
                changed.set()
            assert [answer.result() for answer in answers] == [0, 0, 0]
