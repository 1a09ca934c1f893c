"""Stems are the same however many speak at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from zhiyin.narrate.grounding.lexicon import stem

HEADS = ("nation", "run", "argu", "hope", "generous", "adjust", "electric", "formal", "vietnam")
TAILS = ("s", "es", "ing", "ed", "ly", "ness", "ational", "ization", "ically", "ables", "fulness")


@pytest.fixture
def often() -> Iterator[None]:
    """Threads take turns as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("often")
def test_threads_do_not_mix_their_words_up() -> None:
    words = [head + tail for head, tail in product(HEADS, TAILS)]
    stem.cache_clear()
    alone = [stem(word) for word in words]

    def again(_: int) -> list[str]:
        stem.cache_clear()
        return [stem(word) for word in words]

    with ThreadPoolExecutor(8) as pool:
        assert all(found == alone for found in pool.map(again, range(40)))
