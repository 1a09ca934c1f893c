"""Every vector index passes the shipped suite; scans of all kinds agree."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import sleep
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from usearch.index import Index

from zhiyin.core.errors import MissingExtraError
from zhiyin.core.protocols import VectorIndex
from zhiyin.core.registry import INDEXES, load, registered
from zhiyin.encode import choose
from zhiyin.encode.index import exact, hnsw
from zhiyin.encode.index.exact import ExactConfig, ExactIndex
from zhiyin.encode.index.hnsw import HnswConfig, HnswIndex
from zhiyin.encode.index.int8 import Int8Scan
from zhiyin.testing.indexes import VectorIndexConformance, clustered, nearest


class TestFloatScan(VectorIndexConformance):
    def make(self) -> VectorIndex:
        return ExactIndex(ExactConfig(scan="float"))


class TestInt8Scan(VectorIndexConformance):
    def make(self) -> VectorIndex:
        return ExactIndex(ExactConfig(scan="int8"))


class TestHnsw(VectorIndexConformance):
    recall = 0.95  # measured .99

    def make(self) -> VectorIndex:
        return HnswIndex(HnswConfig(threads=1))


def test_a_graph_is_not_searched_while_it_changes() -> None:
    """usearch does not bear it: a search then finds rows that are gone."""
    inside = Lock()
    overlaps: list[str] = []

    class Watched(Index):
        def add(self, *arguments: Any, **options: Any) -> Any:
            return self._alone("add", *arguments, **options)

        def search(self, *arguments: Any, **options: Any) -> Any:
            return self._alone("search", *arguments, **options)

        def remove(self, *arguments: Any, **options: Any) -> Any:
            return self._alone("remove", *arguments, **options)

        def _alone(self, name: str, *arguments: Any, **options: Any) -> Any:
            alone = inside.acquire(blocking=False)
            if not alone:
                overlaps.append(name)
            try:
                sleep(0.001)
                return getattr(super(), name)(*arguments, **options)
            finally:
                if alone:
                    inside.release()

    rows = clustered(400, 8, seed=1)
    with patch.object(hnsw, "Index", Watched), ThreadPoolExecutor(3) as pool:
        index = HnswIndex().build(rows)
        answers = [pool.submit(index.search, rows[:20], k=5) for _ in range(6)]
        for _ in range(10):
            index.upsert(np.arange(40), rows[:40])
        assert all(answer.result().items.shape == (20, 5) for answer in answers)
    assert overlaps == []


def test_the_registry_loads_every_index() -> None:
    assert {"exact", "hnsw"} <= set(registered(INDEXES))
    assert all(hasattr(load(INDEXES, name), "Config") for name in registered(INDEXES))


@settings(max_examples=60)
@given(
    n=st.integers(1, 300),
    dim=st.integers(1, 40),
    k=st.integers(1, 20),
    scale=st.sampled_from([1e-3, 1.0, 50.0]),
    seed=st.integers(0, 999),
)
def test_both_scans_are_exact(n: int, dim: int, k: int, scale: float, seed: int) -> None:
    rows = clustered(n, dim, seed=seed) * np.float32(scale)
    rows[:: max(1, n // 3)] = rows[0]  # ties
    queries = clustered(3, dim, seed=seed + 1)
    lists = [
        ExactIndex(ExactConfig.model_validate({"scan": scan})).build(rows).search(queries, k=k)
        for scan in ("float", "int8")
    ]
    assert np.array_equal(lists[0].items, lists[1].items)
    assert np.array_equal(lists[0].scores, lists[1].scores)
    for query, items in zip(queries, lists[0].items, strict=True):
        true = nearest(rows, query, k)
        expected = (rows.astype(np.float64) @ query)[true].astype(np.float32)
        found = (rows.astype(np.float64) @ query)[items].astype(np.float32)
        assert np.allclose(found, expected, rtol=1e-6, atol=1e-9 * scale)


def test_int8_finds_all_that_float_finds() -> None:
    rows = clustered(20_000, 64, seed=1)
    queries = clustered(50, 64, seed=2)
    lists = [
        ExactIndex(ExactConfig.model_validate({"scan": scan})).build(rows).search(queries, k=10)
        for scan in ("float", "int8")
    ]
    assert np.array_equal(lists[0].items, lists[1].items)  # recall 1; the bound asks for .99


def test_int8_finds_what_came_after_the_codes_were_laid_out() -> None:
    rows = clustered(12_000, 32, seed=1)
    lists: list[NDArray[np.int32]] = []
    for scan in ("float", "int8"):
        index = ExactIndex(ExactConfig.model_validate({"scan": scan})).build(rows[:9000])
        index.search(rows[:2], k=3)
        index.upsert(np.arange(9000, 9100), rows[9000:9100])
        index.delete(np.array([9007]))
        before = index.search(rows[8990:9110], k=5).items
        index.upsert(np.arange(9100, 12_000), rows[9100:])  # enough to lay out again
        lists.append(np.hstack([before, index.search(rows[8990:9110], k=5).items]))
    assert np.array_equal(lists[0], lists[1])
    assert lists[0][10, 0] == 9000


def test_the_quicker_scan_is_chosen_where_it_matters() -> None:
    seconds = {"float": 2.0, "int8": 1.0}

    def measured(scan: object, _slots: object) -> float:
        return seconds["int8" if isinstance(scan, Int8Scan) else "float"]

    with patch.object(exact, "_seconds", measured):
        assert ExactIndex().build(clustered(9000, 8, seed=1)).scan == "int8"
        seconds["int8"] = 3.0
        assert ExactIndex().build(clustered(9000, 8, seed=1)).scan == "float"
        assert ExactIndex().build(clustered(90, 8, seed=1)).scan == "float"


def test_without_the_extra_floats_are_scanned() -> None:
    def missing(path: str) -> object:
        raise MissingExtraError("numkong", extra="text")

    with patch.object(exact, "load_path", missing):
        assert ExactIndex().build(clustered(9000, 8, seed=1)).scan == "float"
        with pytest.raises(MissingExtraError):
            ExactIndex(ExactConfig(scan="int8"))


def test_a_large_catalogue_gets_a_graph() -> None:
    assert isinstance(choose.default_index(999_999), ExactIndex)
    assert isinstance(choose.default_index(1_000_000), HnswIndex)
