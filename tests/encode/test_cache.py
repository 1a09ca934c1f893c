"""Vectors remembered: the right ones, once, and safely."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from zhiyin.core.errors import StoreError
from zhiyin.core.protocols import Encoded, TextEncoder
from zhiyin.encode.cache import EncodingCache, encoding_key
from zhiyin.encode.cached import CachedEncoder
from zhiyin.encode.encoders.tfidf import TfidfEncoder
from zhiyin.testing.encoders import CATALOGUE, TextEncoderConformance


class Counting(TfidfEncoder):
    """Counts what it is asked."""

    asked = 0

    def encode(self, texts: Sequence[str], **settings: object) -> Encoded:
        self.asked += len(texts)
        return super().encode(texts, **settings)


class TestCached(TextEncoderConformance):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.path = tmp_path / "cache.db"

    def make(self) -> TextEncoder:
        return CachedEncoder(TfidfEncoder(), EncodingCache(self.path))


def test_what_is_known_is_not_encoded_again(tmp_path: Path) -> None:
    inner = Counting()
    first = CachedEncoder(inner, EncodingCache(tmp_path / "c.db")).encode(CATALOGUE)
    assert inner.asked == len(CATALOGUE)
    again = CachedEncoder(inner, EncodingCache(tmp_path / "c.db"))
    second = again.encode([*CATALOGUE, "one more"])
    assert inner.asked == len(CATALOGUE) + 1
    assert np.array_equal(second.vectors[:-1], first.vectors)


def test_another_encoder_role_or_setting_shares_nothing(tmp_path: Path) -> None:
    cache = EncodingCache(tmp_path / "c.db")
    inner = Counting()
    cached = CachedEncoder(inner, cache)
    cached.encode(["knife"])
    cached.encode(["knife"], role="query")
    inner.fit(CATALOGUE)
    cached.encode(["knife"])
    assert inner.asked == 3


def test_keys_do_not_run_together() -> None:
    assert encoding_key("ab", "c", "d") != encoding_key("a", "bc", "d")


def test_vectors_of_another_length_count_as_unknown(tmp_path: Path) -> None:
    cache = EncodingCache(tmp_path / "c.db")
    cache.put([(b"k", np.ones(3, dtype=np.float32))])
    assert cache.get([b"k"], dim=4) == {}
    assert cache.get([b"k"], dim=3)[b"k"].tolist() == [1.0, 1.0, 1.0]


def test_many_keys_are_found(tmp_path: Path) -> None:
    cache = EncodingCache(tmp_path / "c.db")
    keys = [place.to_bytes(4, "little") for place in range(1700)]
    cache.put((key, np.full(2, place, np.float32)) for place, key in enumerate(keys))
    assert cache.get(keys, dim=2)[keys[1699]].tolist() == [1699.0, 1699.0]


def test_threads_share_a_cache(tmp_path: Path) -> None:
    cached = CachedEncoder(TfidfEncoder(), EncodingCache(tmp_path / "c.db"))
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: cached.encode(CATALOGUE).vectors, range(12)))
    assert all(np.allclose(each, results[0]) for each in results)


def test_a_file_that_is_no_cache_is_told(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError, match="may be deleted"):
        EncodingCache(path)


def test_a_closed_cache_is_told(tmp_path: Path) -> None:
    cache = EncodingCache(tmp_path / "c.db")
    cache.close()
    with pytest.raises(StoreError):
        cache.get([b"k"], dim=1)
    with pytest.raises(StoreError):
        cache.put([(b"k", np.ones(1, dtype=np.float32))])
